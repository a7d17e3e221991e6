/**
 * Results as a page to look at. {@code Page} is the whole, {@code PhaseSection} a phase of it, {@code LineChart} and {@code BarChart}
 * draw. All of it is made of {@code Tag}s, which escape what they are given; nothing is loaded from anywhere.
 */
@NullMarked
package dev.parley.bench.report;

import org.jspecify.annotations.NullMarked;
