/**
 * The HTTP API, and the operations that sockets reach by {@code call}. {@link dev.parley.api.Api} has all of them, as
 * {@link dev.parley.api.Operation}s and as routes. {@link dev.parley.api.ManagementRoutes} serve health and metrics on the other port. The
 * package neither listens nor stores: it checks a request, calls the package that knows the answer, and writes the answer.
 */
@NullMarked
package dev.parley.api;

import org.jspecify.annotations.NullMarked;
