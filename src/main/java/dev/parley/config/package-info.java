/**
 * Configuration: {@link dev.parley.config.ConfigLoader} reads the file, the environment and the flags into a {@link
 * dev.parley.config.GatewayConfig}, or rejects them and names each problem.
 */
@NullMarked
package dev.parley.config;

import org.jspecify.annotations.NullMarked;
