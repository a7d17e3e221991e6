package dev.parley.llmcache.semantic;

import dev.parley.llmcache.semantic.embedding.Vectors;
import dev.parley.redis.Script;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * This node's copy of a partition: a value.
 *
 * @param born distinguishes it from an earlier partition with that name; empty: nothing is known
 * @param number of the last change
 * @param removals number of entries removed before their expiry
 * @param entries by id
 * @param bytes approximate size of all entries
 */
record Copy(String born, long number, String removals, Map<String, Entry> entries, long bytes) {

    /**
     * @param number of the change that brought it
     * @param ends in milliseconds, by Redis' clock
     */
    record Entry(long number, long ends, String question, String entryKey, float[] vector) {
        long bytes() {
            return BESIDE + (long) vector.length * Float.BYTES + 2L * (question.length() + entryKey.length());
        }
    }

    static final Copy NOTHING = new Copy("", 0, "", Map.of(), 0);

    /** Where the reports are in a reply of bounded-read.lua. */
    static final int REPORTED = 6;

    private static final int FIRST = 7;
    private static final int FIELDS = 6;
    private static final int BESIDE = 200;

    /** This copy brought up to date by a reply of bounded-read.lua. */
    Copy with(List<Object> reply) {
        String nowBorn = Script.text(reply.get(0));
        long now = (Long) reply.get(1);
        long lowest = (Long) reply.get(4);
        boolean whole = (Long) reply.get(5) == 1;
        Map<String, Entry> all = whole ? new HashMap<>() : new HashMap<>(entries);
        for (int i = FIRST; i < reply.size(); i += FIELDS) {
            Entry entry = new Entry(
                    (Long) reply.get(i + 1),
                    (Long) reply.get(i + 2),
                    Script.text(reply.get(i + 3)),
                    Script.text(reply.get(i + 4)),
                    Vectors.fromBytes((byte[]) reply.get(i + 5)));
            all.put(Script.text(reply.get(i)), entry);
        }
        boolean none = lowest == 0;
        all.values().removeIf(entry -> none || entry.ends <= now || entry.number < lowest);
        long size = all.values().stream().mapToLong(Entry::bytes).sum();
        return new Copy(nowBorn, (Long) reply.get(2), Script.text(reply.get(3)), Map.copyOf(all), size);
    }

    List<Neighbour> nearest(float[] vector, int count, Set<String> reported) {
        return entries.values().stream()
                .map(entry -> new Neighbour(
                        entry.question,
                        entry.entryKey,
                        Vectors.cosine(vector, entry.vector),
                        reported.contains(entry.entryKey)))
                .sorted(Comparator.comparingDouble(Neighbour::cosine).reversed())
                .limit(count)
                .toList();
    }
}
