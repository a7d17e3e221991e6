/**
 * The one place where a gateway is wired: {@link dev.parley.node.Node} builds it from its configuration, starts it and stops it.
 */
@NullMarked
package dev.parley.node;

import org.jspecify.annotations.NullMarked;
