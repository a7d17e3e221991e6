/**
 * Who asks, and what they may do. An {@link dev.parley.auth.Authenticator} turns a token into a {@link dev.parley.auth.Principal}, whose
 * {@link dev.parley.auth.Access} to a conversation goes into the scripts that read and write it. {@link dev.parley.auth.TokenMint} makes
 * tokens. The package does no I/O, so it does not know whether a conversation belongs to a tenant: Redis does.
 */
@NullMarked
package dev.parley.auth;

import org.jspecify.annotations.NullMarked;
