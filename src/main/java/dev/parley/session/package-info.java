/**
 * Sessions of conversations: {@link dev.parley.session.Sessions} changes and reads them in Redis, and reads those that Redis no longer has
 * from PostgreSQL, which is the record.
 */
@NullMarked
package dev.parley.session;

import org.jspecify.annotations.NullMarked;
