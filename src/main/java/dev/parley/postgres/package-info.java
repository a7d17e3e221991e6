/**
 * PostgreSQL as Parley uses it. {@link dev.parley.postgres.Postgres} is a pool of connections behind a circuit breaker, with the schema
 * that all nodes share; it never blocks, and nothing on the way of an event waits for it. {@link dev.parley.postgres.EmbeddedPostgres} is
 * the server of the demo. Each package that uses PostgreSQL has its own statements.
 */
@NullMarked
package dev.parley.postgres;

import org.jspecify.annotations.NullMarked;
