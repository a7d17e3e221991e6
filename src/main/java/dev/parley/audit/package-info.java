/**
 * Who did what: {@link dev.parley.audit.Audit}. Each conversation has a trail of its own, and each tenant one for what belongs to no
 * conversation of its own. The entries of a trail are numbered and chained ({@link dev.parley.audit.Chain}), so that one that was
 * changed, taken out or put in shows. New ones are added by a script that compares the end of the chain with what the gateway chained
 * them to; PostgreSQL gets all of them by a consumer group ({@link dev.parley.archive.Archiver}), and what Redis has let go is read there.
 */
@NullMarked
package dev.parley.audit;

import org.jspecify.annotations.NullMarked;
