/** WebSockets as cheap as they can be made, and the ledger of what came over them. */
@NullMarked
package dev.parley.bench.client;

import org.jspecify.annotations.NullMarked;
