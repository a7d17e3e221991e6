/**
 * Files for browsers: {@link dev.parley.console.WebRoutes} serves the client library, and the chat page of the demo. Nothing here knows a
 * conversation: the page uses the same socket as every client.
 */
@NullMarked
package dev.parley.console;

import org.jspecify.annotations.NullMarked;
