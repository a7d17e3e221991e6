package dev.parley.chaos;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What was acknowledged, and how that agrees with what the logs have and the sockets were shown. Thread-safe. */
final class Ledger {

    /** What a publisher was told. */
    enum Answer {
        /** XADD to a durable stream has returned. */
        ADDED,
        /** 201: in the log. */
        STORED,
        /** 202: held by the node until Redis is back. */
        QUEUED
    }

    /** An event of a log. */
    record Entry(String position, Mark mark) {}

    /**
     * What a socket was shown, in its order.
     *
     * @param mark of an event; null where the client was told that something is missing, and got a snapshot
     * @param position the event's or the snapshot's
     */
    record Shown(@Nullable Mark mark, String position) {}

    /**
     * What one socket can say, over all its connections.
     *
     * @param silentResets how often it began again from a snapshot without being told of a gap
     */
    record Account(String conversation, List<Shown> shown, int reconnects, int silentResets) {}

    private final Map<Mark, Answer> acknowledged = new ConcurrentHashMap<>();
    private final LongAdder unanswered = new LongAdder();
    private final LongAdder refused = new LongAdder();

    void acknowledged(Mark mark, Answer answer) {
        acknowledged.put(mark, answer);
    }

    /** A try that failed. */
    void unanswered() {
        unanswered.increment();
    }

    /** A try that was answered with "later". */
    void refused() {
        refused.increment();
    }

    long refusals() {
        return refused.sum();
    }

    /** Events acknowledged so far. */
    int size() {
        return acknowledged.size();
    }

    /** @param logs each conversation's log as Redis has it now, oldest first */
    Verdict verdict(Map<String, List<Entry>> logs, List<Account> accounts) {
        Counts counts = new Counts();
        Map<Mark, String> places = new HashMap<>();
        logs.values().forEach(log -> checkLog(log, places, counts));
        Map<String, Map<String, NavigableMap<Integer, Mark>>> expected = new HashMap<>();
        acknowledged.keySet().forEach(mark -> {
            if (!places.containsKey(mark)) {
                counts.lostByRedis++;
            }
            expected.computeIfAbsent(mark.conversation(), c -> new TreeMap<>())
                    .computeIfAbsent(mark.publisher(), p -> new TreeMap<>())
                    .put(mark.number(), mark);
        });
        for (Account account : accounts) {
            List<Shown> shown = account.shown();
            long gaps = shown.stream().filter(each -> each.mark() == null).count();
            counts.shown += shown.size() - gaps;
            counts.gaps += gaps;
            counts.toldSockets += gaps > 0 ? 1 : 0;
            counts.reconnects += account.reconnects();
            counts.silentResets += account.silentResets();
            expected.getOrDefault(account.conversation(), Map.of())
                    .forEach((publisher, events) -> check(publisher, events, shown, places, counts));
        }
        return new Verdict(
                count(Answer.ADDED),
                count(Answer.STORED),
                count(Answer.QUEUED),
                unanswered.sum(),
                refused.sum(),
                accounts.size(),
                counts);
    }

    /** Events acknowledged so far with this answer. */
    long count(Answer answer) {
        return acknowledged.values().stream().filter(each -> each == answer).count();
    }

    /** Each event is in the log once, and each publisher's events are in their order. */
    private static void checkLog(List<Entry> log, Map<Mark, String> places, Counts counts) {
        Map<String, Integer> last = new HashMap<>();
        for (Entry entry : log) {
            Mark mark = entry.mark();
            if (places.put(mark, entry.position()) != null) {
                counts.repeatedInLog++;
            } else if (last.merge(mark.publisher(), mark.number(), Math::max) != mark.number()) {
                counts.reorderedInLog++;
            }
        }
    }

    /** One publisher's events against what one socket was shown. */
    private static void check(
            String publisher,
            NavigableMap<Integer, Mark> events,
            List<Shown> shown,
            Map<Mark, String> places,
            Counts counts) {
        Set<Integer> had = new HashSet<>();
        int highest = 0;
        String toldUpTo = null;
        for (Shown each : shown) {
            Mark mark = each.mark();
            if (mark == null) {
                toldUpTo = each.position();
            } else if (mark.publisher().equals(publisher)) {
                if (!had.add(mark.number())) {
                    counts.repeated++;
                } else if (mark.number() < highest) {
                    counts.reordered++;
                } else {
                    missing(events.subMap(highest + 1, mark.number()), toldUpTo, places, counts);
                    highest = mark.number();
                    toldUpTo = null;
                }
            }
        }
        missing(events.tailMap(highest, false), toldUpTo, places, counts);
    }

    /**
     * Events that were not shown where they belong.
     *
     * @param toldUpTo position of the snapshot that came with a gap there, null when there was none: it stands for what the log had up to
     *     it, and for what the log has lost, and for nothing else
     */
    private static void missing(
            Map<Integer, Mark> events, @Nullable String toldUpTo, Map<Mark, String> places, Counts counts) {
        for (Mark mark : events.values()) {
            String place = places.get(mark);
            if (toldUpTo != null && (place == null || !Positions.after(place, toldUpTo))) {
                counts.told++;
            } else {
                counts.lost++;
            }
        }
    }

    /** What is counted on the way to a {@link Verdict}. */
    static final class Counts {
        long shown;
        long lost;
        long told;
        long repeated;
        long reordered;
        long repeatedInLog;
        long reorderedInLog;
        long lostByRedis;
        long gaps;
        long toldSockets;
        long silentResets;
        long reconnects;
    }
}
