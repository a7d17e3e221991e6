/**
 * Appending single events: {@link dev.parley.publish.Publisher} gathers them into batches per queue, keeps the order of each
 * conversation, and holds them while Redis is unavailable.
 */
@NullMarked
package dev.parley.publish;

import org.jspecify.annotations.NullMarked;
