package dev.parley.store;

import dev.parley.event.Position;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An event on the conversation's live channel. Events appended together share one message: {@code <prev>}, and for each {@code  <position>
 * <event_id|-> <bytes> <event>}, with a {@code !} after the bytes of a late one.
 *
 * @param prev the position of the event before it, which proves that nothing was lost in between
 */
public record LiveMessage(Position prev, LogEntry entry) {

    /** Reads a message; empty if another program has published something else there. */
    public static List<LiveMessage> parse(byte[] message) {
        Words words = new Words(message);
        List<LiveMessage> events = new ArrayList<>(1);
        Position prev = Position.parse(words.next());
        do {
            Position position = Position.parse(words.next());
            String id = words.next();
            String size = words.next();
            boolean late = size.endsWith("!");
            byte[] event = words.bytes(late ? size.substring(0, size.length() - 1) : size);
            if (prev == null || position == null || event.length == 0) {
                return List.of();
            }
            events.add(new LiveMessage(prev, new LogEntry(position, id.equals("-") ? null : id, late, event)));
            prev = position;
        } while (words.more());
        return events;
    }

    /** The words between spaces; empty after the last one. */
    private static final class Words {
        private final byte[] message;
        private int at;

        Words(byte[] message) {
            this.message = message;
        }

        boolean more() {
            return at < message.length;
        }

        String next() {
            int from = Math.min(at, message.length);
            while (at < message.length && message[at] != ' ') {
                at++;
            }
            return new String(message, from, Math.min(at++, message.length) - from, StandardCharsets.ISO_8859_1);
        }

        /** That many bytes, followed by a space unless they are the last. */
        byte[] bytes(String count) {
            int length = count.matches("[0-9]{1,9}") ? Integer.parseInt(count) : 0;
            if (length > message.length - at) {
                return new byte[0];
            }
            at += length + 1;
            return Arrays.copyOfRange(message, at - length - 1, at - 1);
        }
    }
}
