/**
 * Copies what Redis has into PostgreSQL. {@link dev.parley.archive.DirtySet} names what has changed, an
 * {@link dev.parley.archive.Archiver} on each node sees that it is copied, and {@link dev.parley.archive.PagedCopy} copies many together.
 * The package does not know what it copies: each owner implements {@link dev.parley.archive.ArchiveSource}.
 */
@NullMarked
package dev.parley.archive;

import org.jspecify.annotations.NullMarked;
