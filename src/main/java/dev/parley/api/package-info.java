/** The HTTP API, one {@code *Routes} a resource. */
@NullMarked
package dev.parley.api;

import org.jspecify.annotations.NullMarked;
