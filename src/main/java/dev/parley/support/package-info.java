/**
 * General helpers that all layers may use and that no library offers: retries, rate-limited logging, bounded background work, typed sizes.
 */
@NullMarked
package dev.parley.support;

import org.jspecify.annotations.NullMarked;
