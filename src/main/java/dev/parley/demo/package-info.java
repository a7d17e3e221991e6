/**
 * Agents for the demo, as anyone would write them: {@link dev.parley.demo.DemoAgent} runs them. They read what people say from their inbox
 * in Redis, and write their answers to a durable stream with the pauses of a language model. The package uses Redis and the patterns, and
 * none of Parley's code.
 */
@NullMarked
package dev.parley.demo;

import org.jspecify.annotations.NullMarked;
