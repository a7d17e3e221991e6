/**
 * What agents publish with the Redis client they have: {@link dev.parley.ingest.PubSubSource} hears the ephemeral events,
 * {@link dev.parley.ingest.StreamSources} reads durable streams and appends their entries to the conversations' logs.
 */
@NullMarked
package dev.parley.ingest;

import org.jspecify.annotations.NullMarked;
