/**
 * How what Redis has comes into the record: {@link dev.parley.archive.Marks} say what has changed, an {@link dev.parley.archive.Archiver} on
 * each node sees that it is copied, and never forgotten, {@link dev.parley.archive.Pages} copies many together.
 */
@NullMarked
package dev.parley.archive;

import org.jspecify.annotations.NullMarked;
