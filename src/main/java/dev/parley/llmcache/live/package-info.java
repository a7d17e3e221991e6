/**
 * Streams in progress. The node that computes one adds to a {@link dev.parley.llmcache.live.LiveAnswer}, and others follow it from its
 * beginning, each at its own pace. {@link dev.parley.llmcache.live.LiveAnswers} holds this node's streams by the tokens of their flights. A
 * {@code RemoteStream} copies another node's stream over Pub/Sub, and a {@code StreamSender} sends it. Redis stores nothing of it.
 */
@NullMarked
package dev.parley.llmcache.live;

import org.jspecify.annotations.NullMarked;
