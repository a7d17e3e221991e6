/**
 * Authentication and authorization. An {@link dev.parley.auth.Authenticator} turns a token into a {@link dev.parley.auth.Principal}. The
 * principal's {@link dev.parley.auth.Access} to a conversation is passed to the scripts that read and write it, because only Redis knows
 * the owner of a conversation.
 *
 * <p>Nothing here does I/O: all of it may run on an event loop.
 */
@NullMarked
package dev.parley.auth;

import org.jspecify.annotations.NullMarked;
