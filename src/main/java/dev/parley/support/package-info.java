/**
 * What several packages need and no library has, such as {@link dev.parley.support.RetryPolicy}, {@link dev.parley.support.BoundedTasks}
 * and {@link dev.parley.support.LimitedLog}. Nothing here knows events, Redis or HTTP.
 */
@NullMarked
package dev.parley.support;

import org.jspecify.annotations.NullMarked;
