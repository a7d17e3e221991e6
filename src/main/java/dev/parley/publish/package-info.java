/**
 * Appends single events. {@link dev.parley.publish.Publisher} gathers them into batches per queue, keeps the order of each conversation,
 * and answers with a {@link dev.parley.publish.PublishResult}. It keeps events while Redis is unavailable. What an append does in Redis is
 * the store's.
 */
@NullMarked
package dev.parley.publish;

import org.jspecify.annotations.NullMarked;
