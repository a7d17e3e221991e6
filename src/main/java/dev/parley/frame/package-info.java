/**
 * The wire between gateway and client, protocol version 1: what clients send ({@link dev.parley.frame.ClientFrame}), what they get
 * ({@link dev.parley.frame.ServerFrames}), and how things are refused ({@link dev.parley.frame.Refusal}).
 */
@NullMarked
package dev.parley.frame;

import org.jspecify.annotations.NullMarked;
