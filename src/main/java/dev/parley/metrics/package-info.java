/** Every meter, named and described once. */
@NullMarked
package dev.parley.metrics;

import org.jspecify.annotations.NullMarked;
