package dev.parley.hub;

import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.store.LostRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs whose events arrive by Pub/Sub only. They are folded while the conversation is hosted here, by the rules of {@code append.lua}, so
 * that snapshots include them. Bounded in runs and bytes. A run that is silent for its lease is lost. Not thread-safe.
 */
final class EphemeralRuns {

    private static final int MAX_RUNS = 16;
    private static final int MAX_TEXT = 256 * 1024;
    private static final int MAX_TOOLS = 32;

    private static final class Run {
        private final String key;
        private final String messageId;
        private final @Nullable String name;
        private final @Nullable String agent;
        private final PooledBytes text = new PooledBytes();
        private final Map<String, String> tools = new LinkedHashMap<>();
        private boolean cut;
        private long lastNanos;
        private @Nullable Duration declared;

        Run(String key, String messageId, AgentEvent first) {
            this.key = key;
            this.messageId = messageId;
            name = first.run();
            agent = first.agent();
        }

        void heard(AgentEvent event, long now) {
            lastNanos = now;
            if (event.leaseMs() > 0) {
                declared = Duration.ofMillis(event.leaseMs());
            }
        }

        Duration lease(Duration otherwise) {
            return declared == null ? otherwise : declared;
        }

        void say(byte[] more) {
            cut = cut || text.size() + more.length > MAX_TEXT;
            if (!cut) {
                text.add(more);
            }
        }

        /** @param handedTo the agent that this one has handed the conversation to */
        String json(@Nullable String handedTo) {
            return "{\"message_id\":\"" + messageId + "\",\"agent\":\"" + (agent == null ? "" : agent) + "\""
                    + (name == null ? "" : ",\"run\":\"" + name + "\"")
                    + (cut ? ",\"truncated\":true" : "")
                    + (handedTo == null ? "" : ",\"handed_to\":\"" + handedTo + "\"") + ",\"text\":\"" + text
                    + "\",\"tools\":["
                    + String.join(",", tools.values()) + "]}";
        }
    }

    /** The agents that have handed over a run, and the latest receiver. */
    private record HandOver(String to, Set<String> by) {}

    // Forms of marks, as in append.lua.
    private static final String ENDED = "e ";
    private static final String WHOEVER = "w ";
    private static final String LOST = "l ";
    private static final String MESSAGE = "m ";

    private final Map<String, Run> runs = new LinkedHashMap<>(4);
    private final EndedRuns ended;
    private final Map<String, HandOver> handedOver = new HashMap<>(0);
    /** The run of the latest event, because most events belong to the same run as the one before. */
    private @Nullable Run latest;

    private final Duration silence;

    private final LongSupplier nanos;

    /**
     * @param silence the lease of a run that declares none
     * @param nanos a clock as {@link System#nanoTime}
     */
    EphemeralRuns(Duration silence, LongSupplier nanos) {
        this.silence = silence;
        this.nanos = nanos;
        this.ended = new EndedRuns(nanos);
    }

    /** Folds an event. Returns whether it comes after the end of its run: then it opens and changes nothing. */
    boolean fold(AgentEvent event) {
        return switch (event.kind()) {
            case CHUNK -> {
                Run run = open(event);
                if (run != null && event.text() != null) {
                    run.say(event.text());
                }
                yield run == null;
            }
            case RUN_STARTED -> {
                reopen(event);
                Run unused = open(event);
                yield false;
            }
            case TOOL_STARTED -> {
                Run run = open(event);
                if (run != null && run.tools.size() < MAX_TOOLS) {
                    run.tools.put(event.toolKey(), event.toolJson());
                }
                yield run == null;
            }
            case TOOL_ENDED -> {
                Run run = heard(event);
                if (run != null) {
                    run.tools.remove(event.toolKey());
                }
                yield run == null && hasEnded(event);
            }
            case RUN_COMPLETED, RUN_FAILED -> end(event);
            case HANDOFF -> {
                Run unused = heard(event);
                handOver(event);
                yield false;
            }
            case OTHER, SESSION_CREATED, SESSION_CHANGED, USER_MESSAGE, ANSWERED_MESSAGE, CANCEL ->
                heard(event) == null && hasEnded(event);
        };
    }

    /** Folds a durable event. It is parsed only if it may end a run that ephemeral events began. */
    void foldDurable(byte[] durable) {
        if (!runs.isEmpty() || !ended.isEmpty()) {
            AgentEvent event = EventCodec.parse(durable);
            switch (event.kind()) {
                case RUN_STARTED -> reopen(event);
                case RUN_COMPLETED, RUN_FAILED -> {
                    boolean unused = end(event);
                }
                case HANDOFF -> handOver(event);
                default -> {}
            }
        }
    }

    /** The open run of an event, begun if needed; null if it has ended. */
    private @Nullable Run open(AgentEvent event) {
        Run run = heard(event);
        if (run != null) {
            return run;
        }
        if (hasEnded(event)) {
            return null;
        }
        settleHandOver(name(event), event.runKey(), false);
        String own = event.messageId() != null ? event.messageId() : event.run();
        run = new Run(event.runKey(), own == null || ended.has(MESSAGE + own) ? Ids.random() : own, event);
        ended.add(MESSAGE + run.messageId);
        runs.put(run.key, run);
        if (runs.size() > MAX_RUNS) {
            Run oldest = runs.values().iterator().next();
            forget(oldest);
            settled(name(oldest));
        }
        latest = run;
        run.heard(event, nanos.getAsLong());
        return run;
    }

    private @Nullable Run heard(AgentEvent event) {
        Run run = find(event.runKey());
        if (run == null && isOfAnybody(event)) {
            // The run of that name that began last.
            for (Run one : runs.values()) {
                run = name(event).equals(name(one)) ? one : run;
            }
        }
        if (run != null) {
            run.heard(event, nanos.getAsLong());
        }
        return run;
    }

    /** Whether the event names a run and no agent. */
    private static boolean isOfAnybody(AgentEvent event) {
        return event.run() != null && event.agent() == null;
    }

    private static String name(AgentEvent event) {
        return event.run() == null ? "" : event.run();
    }

    private static String name(Run run) {
        return run.name == null ? "" : run.name;
    }

    private boolean hasEnded(AgentEvent event) {
        return event.run() != null && (ended.has(ENDED + event.runKey()) || ended.has(WHOEVER + event.run()));
    }

    private void reopen(AgentEvent event) {
        if (event.run() != null) {
            ended.remove(ENDED + event.runKey());
            ended.remove(ENDED + event.run() + "\n");
            ended.remove(WHOEVER + event.run());
            ended.remove(LOST + event.runKey());
        }
    }

    /** Ends a run. Returns whether it had ended before. An agent may still end a run that was taken for lost, with its whole text. */
    private boolean end(AgentEvent event) {
        Run run = heard(event);
        boolean saysAll = event.text() != null && event.text().length > 0;
        if (run == null && hasEnded(event) && !(saysAll && ended.remove(LOST + event.runKey()))) {
            return true;
        }
        String name = name(event);
        settleHandOver(name, run == null ? event.runKey() : run.key, true);
        if (run != null) {
            forget(run);
        }
        if (isOfAnybody(event)) {
            for (Run part : List.copyOf(runs.values())) {
                if (name.equals(name(part))) {
                    ended.add(ENDED + part.key);
                    forget(part);
                }
            }
            ended.add(WHOEVER + name);
        }
        if (event.run() != null) {
            ended.add(ENDED + (run == null ? event.runKey() : run.key));
            ended.add(ENDED + name + "\n");
        }
        settled(name);
        return false;
    }

    private void handOver(AgentEvent event) {
        if (event.to() == null || (event.run() == null && event.agent() == null)) {
            return;
        }
        for (Run run : runs.values()) {
            boolean ofRun = event.run() == null || event.run().equals(run.name);
            if (ofRun && (event.agent() == null || event.agent().equals(run.agent))) {
                HandOver before = handedOver.get(name(run));
                Set<String> by = new HashSet<>(before == null ? Set.of() : before.by);
                by.add(run.agent == null ? "" : run.agent);
                handedOver.put(name(run), new HandOver(event.to(), by));
            }
        }
    }

    /** Ends the part of an agent that has handed over a run, once another agent continues the run or ends it. */
    private void settleHandOver(String name, String but, boolean ends) {
        HandOver handOver = handedOver.get(name);
        if (handOver == null) {
            return;
        }
        for (String agent : handOver.by) {
            String key = name + "\n" + agent;
            Run part = runs.get(key);
            if (!agent.equals(handOver.to) && !key.equals(but) && part != null) {
                forget(part);
            }
            if (!agent.equals(handOver.to) && ends && !name.isEmpty()) {
                ended.add(ENDED + key);
            }
        }
    }

    /** Forgets the hand-overs of a run that is not open for any agent. */
    private void settled(String name) {
        if (runs.values().stream().noneMatch(run -> name.equals(name(run)))) {
            handedOver.remove(name);
        }
    }

    private @Nullable Run find(String key) {
        if (latest == null || !latest.key.equals(key)) {
            latest = runs.get(key);
        }
        return latest;
    }

    private void forget(Run run) {
        runs.remove(run.key);
        latest = null;
        run.text.recycle();
    }

    boolean isEmpty() {
        return runs.isEmpty();
    }

    /** Removes the runs that were silent for their lease, and returns them. */
    List<LostRun> takeLost(String conversation) {
        List<LostRun> lost = new ArrayList<>();
        long now = nanos.getAsLong();
        for (Run run : List.copyOf(runs.values())) {
            if (isOver(run, now)) {
                String agent = run.agent == null ? "" : run.agent;
                lost.add(new LostRun(conversation, name(run), agent, run.messageId, run.lease(silence)));
                forget(run);
                settled(name(run));
                if (run.name != null) {
                    ended.add(ENDED + run.key);
                    ended.add(ENDED + run.name + "\n");
                    ended.add(LOST + run.key);
                }
            }
        }
        return lost;
    }

    private boolean isOver(Run run, long now) {
        return now - run.lastNanos > run.lease(silence).toNanos();
    }

    /** The runs in progress, as members of a snapshot's array. */
    List<String> json() {
        long now = nanos.getAsLong();
        return runs.values().stream()
                .filter(run -> !isOver(run, now))
                .map(run -> run.json(handedTo(run)))
                .toList();
    }

    private @Nullable String handedTo(Run run) {
        HandOver handOver = handedOver.get(name(run));
        String agent = run.agent == null ? "" : run.agent;
        return handOver == null || !handOver.by.contains(agent) || agent.equals(handOver.to) ? null : handOver.to;
    }
}
