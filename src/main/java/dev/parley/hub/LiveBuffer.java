package dev.parley.hub;

import dev.parley.event.Position;
import dev.parley.store.LiveMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Live messages kept while a subscription reads the log, so that the log and the live messages meet without a hole. Bounded: when it is
 * full the oldest are dropped, and the subscription reads the log again.
 */
final class LiveBuffer {

    private static final int MAX_MESSAGES = 1_024;
    private static final int MAX_BYTES = 1 << 20;

    private final ArrayDeque<LiveMessage> messages = new ArrayDeque<>(4);
    private int bytes;
    private long added;

    void add(LiveMessage message) {
        added++;
        messages.add(message);
        bytes += message.entry().event().length;
        while (messages.size() > MAX_MESSAGES || (bytes > MAX_BYTES && messages.size() > 1)) {
            bytes -= messages.remove().entry().event().length;
        }
    }

    /** Number of messages ever added. */
    long added() {
        return added;
    }

    /** Forgets the first of those ever added, up to that count. */
    void forget(long count) {
        while (!messages.isEmpty() && added - messages.size() < count) {
            bytes -= messages.remove().entry().event().length;
        }
    }

    /** The unbroken chain of messages that follows a position, up to a break of the log; empty when it is not kept. */
    List<LiveMessage> after(Position position) {
        List<LiveMessage> chain = new ArrayList<>();
        Position end = position;
        for (LiveMessage message : messages) {
            if (message.prev().equals(end) && !message.entry().isBreak()) {
                chain.add(message);
                end = message.entry().position();
            }
        }
        return chain;
    }

    List<LiveMessage> drain() {
        List<LiveMessage> all = List.copyOf(messages);
        clear();
        return all;
    }

    void clear() {
        messages.clear();
        bytes = 0;
    }
}
