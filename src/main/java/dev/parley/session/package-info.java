/**
 * Sessions of conversations. {@link dev.parley.session.Sessions} changes and reads them in Redis, and reads those that Redis no longer has
 * from PostgreSQL ({@link dev.parley.session.ArchivedSessions}). {@link dev.parley.session.SessionArchive} copies changed sessions there.
 * The package does not append to logs.
 */
@NullMarked
package dev.parley.session;

import org.jspecify.annotations.NullMarked;
