/**
 * Copies changes from Redis to the record in PostgreSQL. A {@link dev.parley.archive.DirtySet} has the names of what has changed. An {@link
 * dev.parley.archive.Archiver} on each node copies it, without forgetting anything. {@link dev.parley.archive.PagedCopy} copies many items
 * together.
 */
@NullMarked
package dev.parley.archive;

import org.jspecify.annotations.NullMarked;
