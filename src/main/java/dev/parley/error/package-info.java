/**
 * How the gateway refuses a request: {@link dev.parley.error.ParleyException} with an {@link dev.parley.error.ErrorCode}. Frames, HTTP and
 * Java callers share them. How they look on the wire is not decided here.
 */
@NullMarked
package dev.parley.error;

import org.jspecify.annotations.NullMarked;
