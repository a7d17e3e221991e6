/**
 * The one place where a gateway is wired. {@link dev.parley.node.Node} builds it from its configuration, starts it, and stops it in
 * reverse order. The package has no protocol and no storage of its own.
 */
@NullMarked
package dev.parley.node;

import org.jspecify.annotations.NullMarked;
