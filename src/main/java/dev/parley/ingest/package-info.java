/**
 * Events that agents publish with a Redis client of their own. {@link dev.parley.ingest.PubSubSource} receives ephemeral events, and
 * {@link dev.parley.ingest.StreamSources} append the entries of durable streams to the logs of conversations.
 * {@link dev.parley.ingest.DeadLetters} lists, retries and deletes rejected entries. The package does not deliver events to clients.
 */
@NullMarked
package dev.parley.ingest;

import org.jspecify.annotations.NullMarked;
