package dev.parley.log;

/** What a publisher is told of its event. */
public sealed interface Published {

    /** It is in the log. */
    record Stored(Appended appended) implements Published {}

    /** It waits on this node, in order, until Redis takes it. */
    record Queued() implements Published {}
}
