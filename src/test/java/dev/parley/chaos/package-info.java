/**
 * What is promised about faults, tried on real processes. A {@link dev.parley.chaos.Stage} has a Redis, nodes, publishers that insist
 * until they are answered, and sockets that resume; each test breaks one thing while they are at work. The {@link
 * dev.parley.chaos.Ledger} then counts what was lost, repeated and reordered.
 */
@NullMarked
package dev.parley.chaos;

import org.jspecify.annotations.NullMarked;
