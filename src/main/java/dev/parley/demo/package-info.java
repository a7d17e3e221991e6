/**
 * An agent as anyone would write it: it knows Redis and the patterns, and nothing of Parley's code.
 */
@NullMarked
package dev.parley.demo;

import org.jspecify.annotations.NullMarked;
