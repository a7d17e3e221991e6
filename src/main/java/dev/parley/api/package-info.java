/** The HTTP API, one {@code *Routes} or {@code *Operations} class per resource. */
@NullMarked
package dev.parley.api;

import org.jspecify.annotations.NullMarked;
