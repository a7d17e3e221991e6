/**
 * PostgreSQL as Parley uses it: a pool of connections behind a circuit breaker, and the schema that all nodes share ({@link
 * dev.parley.postgres.Postgres}). It is the record that outlives Redis; no event waits for it. Never blocks.
 */
@NullMarked
package dev.parley.postgres;

import org.jspecify.annotations.NullMarked;
