/**
 * Answers that are shown while they come. Whoever computes one adds to a {@link dev.parley.llmcache.live.LiveAnswer}, and others follow it
 * from its beginning, each as fast as it reads. {@link dev.parley.llmcache.live.LiveAnswers} has those of this node by their flights'
 * tokens; what another node computes is copied from there by a {@code Feed}, which asks for it over Pub/Sub, and sent there by an
 * {@code Outlet}. Redis keeps nothing of it.
 */
@NullMarked
package dev.parley.llmcache.live;

import org.jspecify.annotations.NullMarked;
