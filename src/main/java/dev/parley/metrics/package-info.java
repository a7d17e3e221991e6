/** Every meter, with its name and description. */
@NullMarked
package dev.parley.metrics;

import org.jspecify.annotations.NullMarked;
