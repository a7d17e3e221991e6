/**
 * A thin layer over Reactor Netty's HTTP server: a {@link dev.parley.http.Router} finds the {@link dev.parley.http.Route} of a
 * request and hands its {@link dev.parley.http.Handler} an {@link dev.parley.http.Exchange}; what goes wrong on the way, thrown or
 * signalled, becomes a {@link dev.parley.http.Problem} (RFC 9457).
 *
 * <p>Handlers run on event loops and must not block.
 */
@NullMarked
package dev.parley.http;

import org.jspecify.annotations.NullMarked;
