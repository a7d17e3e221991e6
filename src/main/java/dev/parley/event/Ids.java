package dev.parley.event;

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

    private Ids() {}

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
