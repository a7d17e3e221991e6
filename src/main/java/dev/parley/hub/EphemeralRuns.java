package dev.parley.hub;

import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.event.Kind;
import dev.parley.log.LostRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs whose events come by plain Pub/Sub only, folded while the conversation is hosted here so that someone who joins sees them.
 * Bounded in runs and bytes; one of which nothing is heard for its lease is lost. Not thread-safe.
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
        private final Text text = new Text();
        private final Map<String, String> tools = new LinkedHashMap<>();
        private boolean cut;
        private long lastNanos;
        private @Nullable Duration declared;

        Run(String key, AgentEvent first) {
            this.key = key;
            String own = first.messageId() != null ? first.messageId() : first.run();
            messageId = own != null ? own : Ids.random();
            name = first.run();
            agent = first.agent();
        }

        void heard(AgentEvent event) {
            lastNanos = System.nanoTime();
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

        String json() {
            return "{\"message_id\":\"" + messageId + "\",\"agent\":\"" + (agent == null ? "" : agent) + "\""
                    + (name == null ? "" : ",\"run\":\"" + name + "\"")
                    + (cut ? ",\"truncated\":true" : "") + ",\"text\":\"" + text
                    + "\",\"tools\":["
                    + String.join(",", tools.values()) + "]}";
        }
    }

    private final Map<String, Run> runs = new LinkedHashMap<>(4);
    /** Most events are of the same run as the one before. */
    private @Nullable Run latest;

    private final Duration silence;

    /** @param silence the lease of a run that declares none */
    EphemeralRuns(Duration silence) {
        this.silence = silence;
    }

    void fold(AgentEvent event) {
        switch (event.kind()) {
            case CHUNK -> {
                Run run = open(event);
                if (event.text() != null) {
                    run.say(event.text());
                }
            }
            case RUN_STARTED -> {
                Run unused = open(event);
            }
            case TOOL_STARTED -> {
                Run run = open(event);
                if (run.tools.size() < MAX_TOOLS) {
                    run.tools.put(event.toolKey(), event.toolJson());
                }
            }
            case TOOL_ENDED -> {
                Run run = find(event.runOrImplicit());
                if (run != null) {
                    run.tools.remove(event.toolKey());
                    run.heard(event);
                }
            }
            case RUN_COMPLETED, RUN_FAILED -> forget(event.runOrImplicit());
            case HANDOFF, SESSION_CREATED, OTHER -> {
                Run run = find(event.runOrImplicit());
                if (run != null) {
                    run.heard(event);
                }
            }
            case USER_MESSAGE, ANSWERED_MESSAGE, CANCEL -> {}
        }
    }

    /** A run may be shown by ephemeral events and ended by a durable one; only then is that one looked into. */
    void endedBy(byte[] durable) {
        if (!runs.isEmpty()) {
            AgentEvent event = EventCodec.parse(durable);
            if (event.kind() == Kind.RUN_COMPLETED || event.kind() == Kind.RUN_FAILED) {
                forget(event.runOrImplicit());
            }
        }
    }

    private Run open(AgentEvent event) {
        String key = event.runOrImplicit();
        Run run = find(key);
        if (run == null) {
            run = new Run(key, event);
            runs.put(key, run);
            if (runs.size() > MAX_RUNS) {
                forget(runs.keySet().iterator().next());
            }
            latest = run;
        }
        run.heard(event);
        return run;
    }

    private @Nullable Run find(String key) {
        if (latest == null || !latest.key.equals(key)) {
            latest = runs.get(key);
        }
        return latest;
    }

    private void forget(String key) {
        Run run = runs.remove(key);
        latest = null;
        if (run != null) {
            run.text.recycle();
        }
    }

    boolean isEmpty() {
        return runs.isEmpty();
    }

    /** Forgets the runs of which nothing was heard for their lease, and returns them. */
    List<LostRun> takeLost(String conversation) {
        List<LostRun> lost = new ArrayList<>();
        long now = System.nanoTime();
        latest = null;
        runs.entrySet().removeIf(entry -> {
            Run run = entry.getValue();
            boolean over = isOver(run, now);
            if (over) {
                String agent = run.agent == null ? "" : run.agent;
                lost.add(new LostRun(conversation, entry.getKey(), agent, run.messageId, run.lease(silence)));
                run.text.recycle();
            }
            return over;
        });
        return lost;
    }

    private boolean isOver(Run run, long now) {
        return now - run.lastNanos > run.lease(silence).toNanos();
    }

    /** The runs in progress, as members of a snapshot's array. */
    List<String> json() {
        long now = System.nanoTime();
        return runs.values().stream()
                .filter(run -> !isOver(run, now))
                .map(Run::json)
                .toList();
    }
}
