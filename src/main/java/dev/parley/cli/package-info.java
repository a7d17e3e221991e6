/**
 * The command line: {@link dev.parley.cli.Main} picks a command.
 */
@NullMarked
package dev.parley.cli;

import org.jspecify.annotations.NullMarked;
