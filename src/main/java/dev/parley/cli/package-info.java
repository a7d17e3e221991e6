/**
 * The command line: {@link dev.parley.cli.Main} runs one command and exits. It reads flags, prints, and starts a node. It offers nothing
 * to other packages.
 */
@NullMarked
package dev.parley.cli;

import org.jspecify.annotations.NullMarked;
