package dev.parley.store;

import dev.parley.event.Position;
import dev.parley.redis.Keys;
import dev.parley.redis.Script;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Reads the heads of many logs in one round trip: a command per log would cost Redis and the node ten times as much. */
final class LogHeadsScript {

    static final Script SCRIPT = Script.load(LogHeadsScript.class, "glance.lua");

    /** Conversations per script, which take about 0.1 ms of Redis' time. */
    private static final int CONVERSATIONS = 128;

    private final Keys keys;

    LogHeadsScript(Keys keys) {
        this.keys = keys;
    }

    /** Cuts conversations into batches, each of one slot and not too large. */
    static List<List<String>> batches(Collection<String> conversations, ToIntFunction<String> slotOf) {
        List<List<String>> batches = new ArrayList<>();
        Map<Integer, List<String>> open = new HashMap<>();
        for (String conversation : conversations) {
            List<String> batch = open.computeIfAbsent(slotOf.applyAsInt(conversation), slot -> newBatch(batches));
            batch.add(conversation);
            if (batch.size() == CONVERSATIONS) {
                open.values().remove(batch);
            }
        }
        return batches;
    }

    private static List<String> newBatch(List<List<String>> batches) {
        List<String> batch = new ArrayList<>();
        batches.add(batch);
        return batch;
    }

    String[] keys(List<String> batch) {
        return batch.stream()
                .flatMap(conversation -> List.of(keys.meta(conversation), keys.runs(conversation)).stream())
                .toArray(String[]::new);
    }

    static Map<String, LogHead> answer(List<String> batch, List<Object> reply) {
        Map<String, LogHead> glances = new HashMap<>();
        for (int i = 0; i < batch.size(); i++) {
            glances.put(
                    batch.get(i),
                    new LogHead(
                            last(Script.text(reply.get(2 * i))),
                            reply.get(2 * i + 1).equals(1L)));
        }
        return glances;
    }

    private static Position last(String counters) {
        return counters.isEmpty() ? Position.ZERO : Position.of(counters.substring(0, counters.indexOf(' ')));
    }
}
