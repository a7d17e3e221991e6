package dev.parley.log;

import dev.parley.event.Position;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What an append publishes on the conversation's live channel: {@code <prev> <position> <event_id|-> <event>}.
 *
 * @param prev the position of the event before it, which proves that nothing was lost between
 */
public record LiveMessage(Position prev, LogEntry entry) {

    /**
     * Reads one.
     *
     * @return null when somebody else published something else there
     */
    public static @Nullable LiveMessage parse(byte[] message) {
        int first = space(message, 0);
        int second = space(message, first + 1);
        int third = space(message, second + 1);
        if (first < 0 || second < 0 || third < 0) {
            return null;
        }
        Position prev = Position.parse(text(message, 0, first));
        Position position = Position.parse(text(message, first + 1, second));
        if (prev == null || position == null) {
            return null;
        }
        String id = text(message, second + 1, third);
        return new LiveMessage(
                prev,
                new LogEntry(
                        position, id.equals("-") ? null : id, Arrays.copyOfRange(message, third + 1, message.length)));
    }

    private static int space(byte[] message, int from) {
        for (int i = from; i < message.length; i++) {
            if (message[i] == ' ') {
                return i;
            }
        }
        return -1;
    }

    private static String text(byte[] message, int from, int to) {
        return new String(message, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
