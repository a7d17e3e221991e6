/**
 * Configuration. {@link dev.parley.config.ConfigLoader} reads the file, the environment and the flags into a
 * {@link dev.parley.config.GatewayConfig}, or fails with a {@link dev.parley.config.ConfigException} that names each problem. Each package
 * declares its own settings; this one composes and checks them. It does not use them.
 */
@NullMarked
package dev.parley.config;

import org.jspecify.annotations.NullMarked;
