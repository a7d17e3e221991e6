package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** JSON merge patch, RFC 7396, on values that are stored as text; empty text is no value. */
final class MergePatch {

    private static final int MAX_NAMES = 100;
    private static final int MAX_VALUE = 64 * 1024;

    private MergePatch() {}

    /** The patched value; empty if it is removed. */
    static String apply(String before, String patch) {
        JsonNode after = merge(before.isEmpty() ? null : ExactJson.read(before), ExactJson.read(patch));
        return after == null ? "" : ExactJson.write(after);
    }

    private static @Nullable JsonNode merge(@Nullable JsonNode target, JsonNode patch) {
        if (patch.isNull()) {
            return null;
        }
        if (!(patch instanceof ObjectNode)) {
            return patch;
        }
        ObjectNode merged = target instanceof ObjectNode object ? object : ExactJson.object();
        patch.properties().forEach(field -> {
            JsonNode value = merge(merged.get(field.getKey()), field.getValue());
            if (value == null) {
                merged.remove(field.getKey());
            } else {
                merged.set(field.getKey(), value);
            }
        });
        return merged;
    }

    static void requireRoom(Map<String, String> before, Map<String, String> after) {
        Set<String> names = new HashSet<>(before.keySet());
        after.forEach((name, value) -> {
            if (value.length() > MAX_VALUE) {
                throw ParleyException.of(
                        ErrorCode.TOO_LARGE,
                        "context." + name + " would have " + value.length() + " characters; at most " + MAX_VALUE);
            }
            if (value.isEmpty()) {
                names.remove(name);
            } else {
                names.add(name);
            }
        });
        if (names.size() > MAX_NAMES) {
            throw ParleyException.of(ErrorCode.TOO_LARGE, "context would have more than " + MAX_NAMES + " names");
        }
    }
}
