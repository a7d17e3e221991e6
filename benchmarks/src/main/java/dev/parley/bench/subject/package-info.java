/** What is measured: Parley and its peers, how they are started, spoken to and published to. */
@NullMarked
package dev.parley.bench.subject;

import org.jspecify.annotations.NullMarked;
