package dev.parley.event;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Names of conversations, agents, tenants, runs, events and messages: 1 to 128 printable ASCII characters without space,
 * <code>{</code>, <code>}</code>, <code>"</code> and <code>\</code>. So they can stand in a Redis key, a hash tag, a JSON string and a
 * space-separated line as they are.
 */
public final class Ids {

    public static final int MAX_LENGTH = 128;

    public static final String RULE = "must be 1 to 128 printable ASCII characters without space, {, }, \" and \\";

    /** Bytes of UTF-8 that a tool call's id may have: some models pack a signature into it. */
    public static final int MAX_TOOL_CALL = 2_048;

    public static final String TOOL_CALL_RULE =
            "must be a string of at most 2048 bytes of UTF-8 without control characters";

    private Ids() {}

    /** Whether a text may name a tool's call: models make these, so all but control characters and halves of characters will do. */
    public static boolean validToolCall(String id) {
        return id.length() <= MAX_TOOL_CALL
                && id.chars().noneMatch(Character::isISOControl)
                && Utf8.canEncode(id)
                && id.getBytes(StandardCharsets.UTF_8).length <= MAX_TOOL_CALL;
    }

    public static boolean valid(@Nullable String id) {
        if (id == null || id.isEmpty() || id.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (c <= ' ' || c > '~' || c == '{' || c == '}' || c == '"' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    /** A new id, 26 characters or fewer, unique for practical purposes (128 random bits). Not a secret. */
    public static String random() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return Long.toUnsignedString(random.nextLong(), 36) + Long.toUnsignedString(random.nextLong(), 36);
    }
}
