/**
 * What the cache reads in texts: characters that nobody sees ({@link dev.parley.llmcache.text.HiddenText}), words that ask about now
 * ({@link dev.parley.llmcache.text.TimeWords}), and telephone numbers ({@link dev.parley.llmcache.text.Telephones}). The package does not
 * decide what follows from them, and does no I/O once it is built.
 */
@NullMarked
package dev.parley.llmcache.text;

import org.jspecify.annotations.NullMarked;
