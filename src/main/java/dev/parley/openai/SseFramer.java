package dev.parley.openai;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Cuts a stream of bytes into events, each with its empty line (WHATWG HTML, section 9.2.5; lines that end with CR alone are not
 * supported). Not thread-safe.
 */
final class SseFramer {

    private final int most;
    private ByteArrayOutputStream event = new ByteArrayOutputStream();
    private boolean inLine;

    /** @param most maximum bytes of an event */
    SseFramer(int most) {
        this.most = most;
    }

    /** The events that this part completes; fails with a {@link ProxyException} when one is too large. */
    List<byte[]> add(byte[] part) {
        List<byte[]> events = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < part.length; i++) {
            if (part[i] == '\n') {
                if (!inLine) {
                    append(part, from, i + 1);
                    events.add(event.toByteArray());
                    event = new ByteArrayOutputStream();
                    from = i + 1;
                }
                inLine = false;
            } else if (part[i] != '\r') {
                inLine = true;
            }
        }
        append(part, from, part.length);
        return events;
    }

    private void append(byte[] part, int from, int to) {
        if (to - from > most - event.size()) {
            throw new ProxyException(
                    502,
                    "upstream_too_large",
                    "an event of the upstream is too large: parley.upstream.max-body bounds it");
        }
        event.write(part, from, to - from);
    }

    /** The incomplete rest at the end of the stream. */
    byte[] rest() {
        return event.toByteArray();
    }

    /** The content of its {@code data:} lines. */
    static String data(byte[] event) {
        return new String(event, StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("data:"))
                .map(line -> line.substring(line.startsWith("data: ") ? 6 : 5))
                .collect(Collectors.joining("\n"));
    }
}
