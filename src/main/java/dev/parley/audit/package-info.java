/**
 * Who did what. {@link dev.parley.audit.Audit} adds to the trail of a conversation or of a tenant, reads it by an
 * {@link dev.parley.audit.AuditQuery}, and verifies it. The entries of a trail are numbered and chained, so an entry that was changed,
 * taken out or put in shows. The package does not decide who may read a trail: its callers do.
 */
@NullMarked
package dev.parley.audit;

import org.jspecify.annotations.NullMarked;
