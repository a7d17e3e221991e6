/** The browser's files: the client library, and the demo's chat page. */
@NullMarked
package dev.parley.console;

import org.jspecify.annotations.NullMarked;
