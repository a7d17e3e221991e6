package dev.parley.chaos;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

    /**
     * Takes back what a failover lost between a publisher and the durable stream: XADD had returned, but no replica had it, and no socket
     * was ever shown it.
     *
     * @param stream the ids of all events that the stream has now; nothing is trimmed
     * @return how many that were
     */
    long takeBackWhatNeverArrived(Set<String> stream, Map<String, List<Entry>> logs, List<Account> accounts) {
        Set<Mark> arrived = Stream.concat(
                        logs.values().stream().flatMap(List::stream).map(Entry::mark),
                        accounts.stream()
                                .flatMap(account -> account.shown().stream())
                                .flatMap(each -> Stream.ofNullable(each.mark())))
                .collect(Collectors.toUnmodifiableSet());
        List<Mark> gone = acknowledged.entrySet().stream()
                .filter(each -> each.getValue() == Answer.ADDED)
                .map(Map.Entry::getKey)
                .filter(mark -> !stream.contains(mark.id()) && !arrived.contains(mark))
                .toList();
        gone.forEach(acknowledged::remove);
        return gone.size();
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
            checkTold(shown, places, counts);
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

    /** A socket that has been shown what is not there any more has been told so since then. */
    private static void checkTold(List<Shown> shown, Map<Mark, String> places, Counts counts) {
        Shown gone = null;
        boolean affected = false;
        for (Shown each : shown) {
            if (each.mark() == null) {
                gone = null;
            } else if (!each.position().isEmpty() && !each.position().equals(places.get(each.mark()))) {
                gone = each;
                affected = true;
            }
        }
        counts.affectedSockets += affected ? 1 : 0;
        if (gone != null && gone.mark() != null) {
            counts.untoldSockets++;
            counts.fault("never told that Redis lost", gone.mark(), places, shown);
        }
    }

    /** One publisher's events against what one socket was shown. */
    private static void check(
            String publisher,
            NavigableMap<Integer, Mark> events,
            List<Shown> shown,
            Map<Mark, String> places,
            Counts counts) {
        Map<Integer, Shown> had = new HashMap<>();
        int highest = 0;
        Told told = Told.NOTHING;
        for (Shown each : shown) {
            Mark mark = each.mark();
            if (mark == null) {
                String snapshot = each.position();
                told = new Told(snapshot, Math.max(highest, told.hadUpTo), true);
                // The client begins again from the snapshot. What is behind it comes again, and so may what Redis has
                // lost since it was shown: that is in the log at another place.
                had.values()
                        .removeIf(one -> !one.position().equals(places.get(one.mark()))
                                || Positions.after(one.position(), snapshot));
                highest = had.keySet().stream().mapToInt(number -> number).max().orElse(0);
            } else if (mark.publisher().equals(publisher)) {
                if (had.putIfAbsent(mark.number(), each) != null) {
                    counts.repeated++;
                    counts.fault("repeated", mark, places, shown);
                } else if (mark.number() < highest) {
                    counts.reordered++;
                    counts.fault("reordered", mark, places, shown);
                } else {
                    missing(events.subMap(highest + 1, mark.number()), told, shown, places, counts);
                    highest = mark.number();
                    told = told.andThen(highest);
                }
            }
        }
        missing(events.tailMap(highest, false), told, shown, places, counts);
    }

    /** Events that were not shown where they belong. */
    private static void missing(
            Map<Integer, Mark> events, Told told, List<Shown> shown, Map<Mark, String> places, Counts counts) {
        for (Mark mark : events.values()) {
            if (told.of(mark, places.get(mark))) {
                counts.told++;
            } else {
                counts.lost++;
                counts.fault("lost", mark, places, shown);
            }
        }
    }

    /**
     * What the last gap and its snapshot have told of one publisher's events: those that the log had up to the snapshot, and those that
     * it has lost. Nothing else.
     *
     * @param snapshot its position
     * @param hadUpTo the last event that had been shown before it: of what Redis has lost, what was up to there is told, though one of
     *     those may come again first
     * @param open nothing newer has been shown since: what is lost behind that last event is told, too
     */
    private record Told(String snapshot, int hadUpTo, boolean open) {

        static final Told NOTHING = new Told("0", 0, false);

        Told andThen(int shown) {
            return new Told(snapshot, hadUpTo, open && shown <= hadUpTo);
        }

        boolean of(Mark mark, @Nullable String place) {
            return place == null ? open || mark.number() <= hadUpTo : !Positions.after(place, snapshot);
        }
    }

    /** What is counted on the way to a {@link Verdict}. */
    static final class Counts {
        private static final int FAULTS_TOLD = 6;

        /** The first of them, each with all that its socket was shown of that publisher about then. */
        final List<String> faults = new ArrayList<>();

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
        /** Sockets that were shown what Redis has lost since, and those of them that have not been told afterwards. */
        long affectedSockets;

        long untoldSockets;
        long silentResets;
        long reconnects;

        private void fault(String what, Mark mark, Map<Mark, String> places, List<Shown> shown) {
            if (faults.size() == FAULTS_TOLD) {
                return;
            }
            String about = shown.stream()
                    .filter(each -> each.mark() == null
                            || (each.mark().publisher().equals(mark.publisher())
                                    && Math.abs(each.mark().number() - mark.number()) <= 3))
                    .map(each -> each.mark() == null
                            ? "GAP up to " + each.position()
                            : each.mark().number() + " at " + each.position())
                    .collect(Collectors.joining(", "));
            faults.add("%s %s, in the log at %s: %s".formatted(what, mark.id(), places.get(mark), about));
        }
    }
}
