/** What a run costs the processes that take part in it. */
@NullMarked
package dev.parley.bench.measure;

import org.jspecify.annotations.NullMarked;
