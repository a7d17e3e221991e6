/**
 * The roof: configuration, the command line, and the one place where everything is wired.
 *
 * <p>{@link dev.parley.app.Main} picks a command. {@code ConfigLoader} reads the file, the environment and the flags into a
 * {@code GatewayConfig}, or refuses them by name; {@code Gateway} builds the node from it.
 */
@NullMarked
package dev.parley.app;

import org.jspecify.annotations.NullMarked;
