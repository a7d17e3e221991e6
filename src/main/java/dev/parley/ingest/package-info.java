/**
 * Events that agents publish with a Redis client of their own. {@link dev.parley.ingest.PubSubSource} receives ephemeral events;
 * {@link dev.parley.ingest.StreamSources} reads durable streams and appends their entries to the conversations' logs;
 * {@link dev.parley.ingest.DeadLetters} lists, retries and deletes rejected entries.
 */
@NullMarked
package dev.parley.ingest;

import org.jspecify.annotations.NullMarked;
