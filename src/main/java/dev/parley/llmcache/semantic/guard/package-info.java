/**
 * What an embedding does not see: it puts "invoice 10234" beside "invoice 10235". {@link dev.parley.llmcache.semantic.guard.Guards}
 * compare two {@link dev.parley.llmcache.semantic.guard.Question}s and answer with a {@link dev.parley.llmcache.semantic.guard.Verdict},
 * which has the reason of an objection. The package does no I/O once its word lists are read.
 */
@NullMarked
package dev.parley.llmcache.semantic.guard;

import org.jspecify.annotations.NullMarked;
