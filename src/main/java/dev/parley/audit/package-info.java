/**
 * Audit trails ({@link dev.parley.audit.Audit}). Each conversation has a trail, and each tenant has one for actions that belong to no
 * conversation of its own. The entries of a trail are numbered and chained ({@link dev.parley.audit.Chain}), so that a changed, removed or
 * inserted entry is noticed. A script adds entries if the end of the chain is still the one that they were chained to. {@link
 * dev.parley.archive.Archiver} copies all entries to PostgreSQL, where those that Redis no longer has are read.
 */
@NullMarked
package dev.parley.audit;

import org.jspecify.annotations.NullMarked;
