/**
 * Answers that are shown while they are computed. Whoever computes one adds to a {@link dev.parley.llmcache.live.LiveAnswer}, and others
 * follow it from its beginning, each as fast as it reads. {@link dev.parley.llmcache.live.LiveAnswers} finds it on this node, or copies it
 * from another over Pub/Sub. The package keeps nothing in Redis.
 */
@NullMarked
package dev.parley.llmcache.live;

import org.jspecify.annotations.NullMarked;
