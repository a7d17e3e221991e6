/**
 * What an embedding does not see: it puts "invoice 10234" beside "invoice 10235". Each {@link dev.parley.llmcache.semantic.guard.Guard} compares
 * one aspect of two {@link dev.parley.llmcache.semantic.guard.Question}s and objects with a reason; {@link dev.parley.llmcache.semantic.guard.Guards}
 * are all of them. Words of the languages they know are in the files beside them.
 */
@NullMarked
package dev.parley.llmcache.semantic.guard;

import org.jspecify.annotations.NullMarked;
