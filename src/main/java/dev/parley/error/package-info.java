/**
 * How the gateway rejects a request: {@link dev.parley.error.ParleyException} with an {@link dev.parley.error.ErrorCode}, for frames, HTTP
 * and Java callers alike.
 */
@NullMarked
package dev.parley.error;

import org.jspecify.annotations.NullMarked;
