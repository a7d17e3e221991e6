/** What was measured, as it stands in files, and how it is read. */
@NullMarked
package dev.parley.bench.result;

import org.jspecify.annotations.NullMarked;
