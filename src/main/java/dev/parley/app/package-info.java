/** The roof: configuration, the command line, and the one place where everything is wired. */
@NullMarked
package dev.parley.app;

import org.jspecify.annotations.NullMarked;
