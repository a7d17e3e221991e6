/** JMH on what is done for each event. */
@NullMarked
package dev.parley.bench.micro;

import org.jspecify.annotations.NullMarked;
