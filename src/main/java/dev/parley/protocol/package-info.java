/**
 * The wire between gateway and client, protocol version 1. {@link dev.parley.protocol.ClientFrameCodec} reads a
 * {@link dev.parley.protocol.ClientFrame}, {@link dev.parley.protocol.ServerFrames} writes what clients receive, and
 * {@link dev.parley.protocol.CloseCode} is the table of ends. The package knows no sockets.
 */
@NullMarked
package dev.parley.protocol;

import org.jspecify.annotations.NullMarked;
