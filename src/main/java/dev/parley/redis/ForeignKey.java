package dev.parley.redis;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import io.lettuce.core.RedisCommandExecutionException;

/** Recognises one of Parley's keys that another program has written with another type; see {@code types.lua}. No later try can succeed. */
public final class ForeignKey {

    private static final String WORD = "foreign ";

    private ForeignKey() {}

    /** Whether a script has found such a key: {@code foreign <type> <key>}. */
    public static boolean isIn(String reply) {
        return reply.startsWith(WORD);
    }

    /** @param reply for which {@link #isIn} holds */
    public static ParleyException refusal(String reply) {
        String[] words = reply.split(" ", 3);
        return told(words[2] + " holds a " + words[1]);
    }

    static boolean isWhy(Throwable e) {
        return e instanceof RedisCommandExecutionException
                && e.getMessage() != null
                && e.getMessage().contains("WRONGTYPE");
    }

    /** @param key one of the command's keys */
    static ParleyException of(String key) {
        return told(key + ", or a key beside it, holds something");
    }

    private static ParleyException told(String what) {
        return ParleyException.of(
                ErrorCode.CONFLICT,
                what + " that is not Parley's (WRONGTYPE): another program has written it. Rename or delete it;"
                        + " COMING-FROM-PYTHON.md lists what can be imported");
    }
}
