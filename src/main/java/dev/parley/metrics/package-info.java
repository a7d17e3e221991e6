/**
 * Names of meters: {@link dev.parley.metrics.Metric} names and describes each meter once. The packages that count register their meters by
 * it. The package has no registry and serves nothing.
 */
@NullMarked
package dev.parley.metrics;

import org.jspecify.annotations.NullMarked;
