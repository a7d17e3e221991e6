/**
 * Two agents as anyone would write them: they know Redis and the patterns, and nothing of Parley's code.
 *
 * <p>{@link dev.parley.demo.DemoAgent} reads what people say from {@code agent:inbox:<agent>} ({@code Inbox}), decides what to answer
 * ({@code Repertoire}), plays that with the pauses of a language model ({@code Answer}) and writes it, event by event, to
 * {@code agent:events:stream} ({@code EventStream}).
 */
@NullMarked
package dev.parley.demo;

import org.jspecify.annotations.NullMarked;
