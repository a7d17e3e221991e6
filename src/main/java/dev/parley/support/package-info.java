/** What every floor needs and no library has: how to try again, and how to complain without end in few lines. */
@NullMarked
package dev.parley.support;

import org.jspecify.annotations.NullMarked;
