/** Everything that knows how Redis is reached: where it is, the connections to it, the scripts it runs. */
@NullMarked
package dev.parley.redis;

import org.jspecify.annotations.NullMarked;
