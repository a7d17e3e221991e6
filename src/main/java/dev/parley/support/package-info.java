/** What every floor needs and no library has: how to retry, how healthy the node is, how to read JSON trees. */
@NullMarked
package dev.parley.support;

import org.jspecify.annotations.NullMarked;
