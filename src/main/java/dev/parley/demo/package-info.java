/**
 * Two agents as anyone would write them: they use Redis and the documented keys, and nothing of Parley's code.
 *
 * <p>{@link dev.parley.demo.DemoAgent} reads people's messages from {@code agent:inbox:<agent>} ({@code Inbox}), chooses an answer ({@code
 * ScriptedAnswers}), plays it with the pauses of a language model ({@code Answer}) and writes it, event by event, to {@code
 * agent:events:stream} ({@code EventStream}).
 */
@NullMarked
package dev.parley.demo;

import org.jspecify.annotations.NullMarked;
