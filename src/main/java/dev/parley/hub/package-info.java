/**
 * The conversations that are followed on this node. {@link dev.parley.hub.Hub#follow} is a Flux of {@link dev.parley.hub.Delivery};
 * {@link dev.parley.hub.Hub#subscribe} hands the same to a {@link dev.parley.hub.Subscriber} directly, as sockets have it. The hub proves
 * that nothing is missing between two events, and reads the log where something is. It does not take events from agents, and does not know
 * sockets.
 */
@NullMarked
package dev.parley.hub;

import org.jspecify.annotations.NullMarked;
