/** Texts as vectors: in this process, by a server, and remembered in Redis. */
@NullMarked
package dev.parley.llmcache.semantic.embedding;

import org.jspecify.annotations.NullMarked;
