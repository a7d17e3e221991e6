package dev.parley.redis;

import io.lettuce.core.RedisException;
import java.util.regex.Pattern;

/**
 * A rejection that lasts until the configuration of Redis changes: a right is missing, a command was renamed, the server is a replica, or
 * it accepts no more clients.
 */
final class AclDenial {

    /** Within scripts Redis 7.0 uses another text for a missing right than later versions do. */
    private static final Pattern DENIED = Pattern.compile("NOPERM|executing the script can't|ACL failure|READONLY"
            + "|[Uu]nknown (\\w+ )?(sub)?command|max number of clients");

    private AclDenial() {}

    /** Whether a server's error is such a rejection. */
    static boolean is(String error) {
        return DENIED.matcher(error).find();
    }

    static boolean is(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            if (cause instanceof RedisException && message != null && is(message)) {
                return true;
            }
        }
        return false;
    }

    /** The server's error, without the arguments of an unknown command. */
    static String brief(Throwable e) {
        String message = Redis.rootMessage(e).strip();
        int arguments = message.indexOf(", with args");
        return arguments < 0 ? message : message.substring(0, arguments);
    }
}
