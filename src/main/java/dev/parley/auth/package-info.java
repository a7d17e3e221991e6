/** Who calls and what they may reach. */
@NullMarked
package dev.parley.auth;

import org.jspecify.annotations.NullMarked;
