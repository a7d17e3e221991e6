/**
 * The command line. {@code scenario} says what is done, {@code subject} to what; {@code load} sends events, {@code client} reads what
 * comes of them, {@code measure} watches the processes, {@code result} keeps the figures.
 */
@NullMarked
package dev.parley.bench;

import org.jspecify.annotations.NullMarked;
