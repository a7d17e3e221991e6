/**
 * The conversations hosted on this node.
 *
 * <p>{@link dev.parley.hub.Hub} holds one {@code Conversation} for each, and has two entries: {@link dev.parley.hub.Hub#follow} is a Flux
 * of {@link dev.parley.hub.Delivery}, {@link dev.parley.hub.Hub#subscribe} passes the same to a {@link dev.parley.hub.Subscriber} directly,
 * as sockets use it. A conversation receives its live channel. Its {@code GapRepair} proves by each message's predecessor that nothing is
 * missing, and otherwise reads the log. Each subscription's progress is its {@code SubscriptionState}.
 */
@NullMarked
package dev.parley.hub;

import org.jspecify.annotations.NullMarked;
