/** What is done to a system, one small class each. */
@NullMarked
package dev.parley.bench.scenario;

import org.jspecify.annotations.NullMarked;
