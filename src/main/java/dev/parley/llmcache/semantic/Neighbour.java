package dev.parley.llmcache.semantic;

import dev.parley.redis.Script;
import java.util.HashSet;
import java.util.Set;

/**
 * A question of the index near the one that was asked.
 *
 * @param entryKey of the exact entry that answers it
 * @param cosine of the two, from -1 to 1
 * @param reported that answer was wrong for the question that was asked
 */
record Neighbour(String question, String entryKey, double cosine, boolean reported) {

    /** The keys in the part of a reply that has the reports of a question. */
    static Set<String> reports(Object element) {
        Set<String> keys = new HashSet<>();
        Script.list(element).forEach(each -> keys.add(Script.text(each)));
        return keys;
    }
}
