/** What every floor needs and no library has: how to try again. */
@NullMarked
package dev.parley.support;

import org.jspecify.annotations.NullMarked;
