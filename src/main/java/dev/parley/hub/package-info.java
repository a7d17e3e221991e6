/**
 * What this node hosts: the conversations that are followed here.
 *
 * <p>{@link dev.parley.hub.Hub} holds one {@code Conversation} for each, and two doors to it: {@link dev.parley.hub.Hub#follow} is a Flux of
 * {@link dev.parley.hub.Delivery}, {@link dev.parley.hub.Hub#subscribe} hands the same to a {@link dev.parley.hub.Subscriber} directly, as
 * sockets have it. A conversation receives its live channel. Its {@code GapRepair} proves by each message's predecessor that nothing is
 * missing, and reads the log where something is. Each subscription's progress is its {@code SubscriptionState}.
 */
@NullMarked
package dev.parley.hub;

import org.jspecify.annotations.NullMarked;
