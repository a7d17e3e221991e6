package dev.parley.bench.client;

import org.jspecify.annotations.Nullable;

/** A socket whose path names its conversation: it follows that as soon as it is open, and gets nothing but events. */
public record AtOnce() implements Dialect {

    @Override
    public String path(String conversation, @Nullable String since) {
        return "/ws/" + conversation;
    }

    @Override
    public boolean followsAtOnce() {
        return true;
    }

    @Override
    public Step step(String text, String conversation) {
        return Step.NOTHING;
    }
}
