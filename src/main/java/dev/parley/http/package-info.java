/**
 * A thin layer over the HTTP server of Reactor Netty. A {@link dev.parley.http.Router} finds the {@link dev.parley.http.Route} of a
 * request and hands its {@link dev.parley.http.Handler}, which must not block, an {@link dev.parley.http.Exchange}. What goes wrong becomes
 * a {@link dev.parley.http.Problem} (RFC 9457). The package does not listen, and has no routes of its own.
 */
@NullMarked
package dev.parley.http;

import org.jspecify.annotations.NullMarked;
