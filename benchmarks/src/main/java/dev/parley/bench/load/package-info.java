/** What is sent, when, and over which connection. */
@NullMarked
package dev.parley.bench.load;

import org.jspecify.annotations.NullMarked;
