package dev.parley.llmcache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The failure of a flight, for all waiting callers with the same account at the model's API.
 *
 * @param account of the caller that failed; another account may succeed
 * @param status of HTTP
 * @param type of the body
 * @param headers names and values in turn, none of them with line breaks
 */
public record ComputeFailure(String account, int status, String type, List<String> headers, byte[] body) {

    /** Maximum bytes of a body; a failure with a larger one is not shared. */
    public static final int LARGEST = 64 << 10;

    private static final char END = '\n';

    public ComputeFailure {
        headers = List.copyOf(headers);
    }

    /** Lines with the account, with status and type, with name and value of each header, an empty one, and the body. */
    byte[] encoded() {
        StringBuilder head = new StringBuilder().append(account).append(END);
        line(head, Integer.toString(status), type);
        for (int i = 0; i < headers.size(); i += 2) {
            line(head, headers.get(i), headers.get(i + 1));
        }
        byte[] first = head.append(END).toString().getBytes(UTF_8);
        byte[] all = Arrays.copyOf(first, first.length + body.length);
        System.arraycopy(body, 0, all, first.length, body.length);
        return all;
    }

    private static void line(StringBuilder head, String name, String value) {
        head.append(name).append(' ').append(value.replace(END, ' ')).append(END);
    }

    /** Null if the bytes are not an encoded failure. */
    static @Nullable ComputeFailure decoded(byte[] all) {
        int end = IntStream.range(0, all.length - 1)
                .filter(i -> all[i] == END && all[i + 1] == END)
                .findFirst()
                .orElse(-1);
        List<String> lines = end < 0 ? List.of() : List.of(new String(all, 0, end, UTF_8).split("\n", -1));
        if (lines.size() < 2 || !lines.get(1).matches("[1-5][0-9]{2} .*")) {
            return null;
        }
        List<String> words = lines.stream()
                .skip(1)
                .flatMap(line -> Arrays.stream(line.split(" ", 2)))
                .toList();
        return new ComputeFailure(
                lines.get(0),
                Integer.parseInt(words.get(0)),
                words.get(1),
                words.subList(2, words.size()),
                Arrays.copyOfRange(all, end + 2, all.length));
    }
}
