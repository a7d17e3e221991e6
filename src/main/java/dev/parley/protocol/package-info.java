/**
 * The wire between gateway and client, protocol version 1: the frames that clients send
 * ({@link dev.parley.protocol.ClientFrame}), the frames that they receive ({@link dev.parley.protocol.ServerFrames}), and the codes with
 * which the gateway closes a socket ({@link dev.parley.protocol.CloseCode}).
 */
@NullMarked
package dev.parley.protocol;

import org.jspecify.annotations.NullMarked;
