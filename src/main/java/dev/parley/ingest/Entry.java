package dev.parley.ingest;

import dev.parley.redis.Script;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An entry of a durable stream; without fields when it was trimmed before it was read. */
record Entry(String id, Map<String, byte[]> fields) {

    static Entry of(Object element) {
        List<Object> entry = Script.list(element);
        return new Entry(Script.text(entry.get(0)), fields(entry.get(1)));
    }

    private static Map<String, byte[]> fields(@Nullable Object element) {
        Map<String, byte[]> fields = new LinkedHashMap<>();
        if (element != null) {
            List<Object> pairs = Script.list(element);
            for (int i = 0; i + 1 < pairs.size(); i += 2) {
                fields.put(Script.text(pairs.get(i)), (byte[]) pairs.get(i + 1));
            }
        }
        return fields;
    }
}
