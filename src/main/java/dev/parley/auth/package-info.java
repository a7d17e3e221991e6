/**
 * Who asks, and what of: an {@link dev.parley.auth.Authenticator} turns a token into a {@link dev.parley.auth.Principal}, and the
 * principal's {@link dev.parley.auth.Access} to a conversation goes into the scripts that read and write it. Whether a conversation
 * belongs to a tenant is Redis' knowledge, so nothing here answers that.
 *
 * <p>Nothing here does I/O: all of it may run on an event loop.
 */
@NullMarked
package dev.parley.auth;

import org.jspecify.annotations.NullMarked;
