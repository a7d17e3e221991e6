package dev.parley.llmcache.live;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A message between nodes: a line of words, followed by the bytes of a part.
 *
 * @param kind {@code want} or {@code part}
 * @param name of the stream
 * @param at the first byte wanted, or the first byte of the part
 * @param word of a {@code want}: the node that wants it; of a {@code part}: the {@link LiveAnswer.State} after it
 */
record LiveAnswerMessage(String kind, String name, long at, String word, byte[] bytes) {

    private static final String WANT = "want";
    private static final String PART = "part";

    static LiveAnswerMessage want(String name, long at, String node) {
        return new LiveAnswerMessage(WANT, name, at, node, new byte[0]);
    }

    static LiveAnswerMessage part(String name, long at, LiveAnswer.Part part) {
        LiveAnswer.State state = part.last() ? part.state() : LiveAnswer.State.SHOWN;
        return new LiveAnswerMessage(PART, name, at, state.name(), part.bytes());
    }

    boolean wants() {
        return kind.equals(WANT);
    }

    LiveAnswer.State state() {
        return LiveAnswer.State.valueOf(word);
    }

    byte[] encoded() {
        byte[] line = (kind + ' ' + name + ' ' + at + ' ' + word + '\n').getBytes(US_ASCII);
        byte[] all = Arrays.copyOf(line, line.length + bytes.length);
        System.arraycopy(bytes, 0, all, line.length, bytes.length);
        return all;
    }

    /** Null if the bytes are no message. */
    static @Nullable LiveAnswerMessage decoded(byte[] all) {
        int end = 0;
        while (end < all.length && all[end] != '\n') {
            end++;
        }
        String[] words = new String(all, 0, end, US_ASCII).split(" ", -1);
        boolean known = end < all.length
                && words.length == 4
                && words[2].matches("[0-9]{1,15}")
                && (words[0].equals(WANT) || (words[0].equals(PART) && isState(words[3])));
        return known
                ? new LiveAnswerMessage(
                        words[0],
                        words[1],
                        Long.parseLong(words[2]),
                        words[3],
                        Arrays.copyOfRange(all, end + 1, all.length))
                : null;
    }

    private static boolean isState(String word) {
        return Arrays.stream(LiveAnswer.State.values())
                .anyMatch(state -> state.name().equals(word));
    }
}
