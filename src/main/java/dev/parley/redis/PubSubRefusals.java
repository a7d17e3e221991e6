package dev.parley.redis;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rejected subscriptions and Pub/Sub connections, by channel, pattern or server. The log has each reason once, until a rejected one is
 * accepted. Holds one entry per name that is rejected now. Thread-safe.
 */
final class PubSubRefusals {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubRefusals.class);

    private final Map<String, String> now = new ConcurrentHashMap<>();
    private final Set<String> told = ConcurrentHashMap.newKeySet();
    private final AtomicLong count = new AtomicLong();

    /** @param what was rejected, such as {@code SUBSCRIBE live:conv:{c-1}} */
    void add(String name, String what, Throwable error) {
        count.incrementAndGet();
        String reason = AclDenial.brief(error);
        String line = "Redis refuses " + what + ": " + reason + advice(what, reason);
        now.put(name, line);
        if (told.add(reason)) {
            LOG.error("{}. It is tried again; the same reason is not logged again", line);
        }
    }

    private static String advice(String what, String reason) {
        int space = what.indexOf(' ');
        String command = what.substring(0, space);
        if (reason.contains("channel")) {
            String literal = command.equals("PSUBSCRIBE") ? ", the pattern literally" : "";
            return " (grant the user &" + what.substring(space + 1) + literal + ")";
        }
        if (reason.contains("NOPERM")) {
            return " (grant the user +" + command.toLowerCase(Locale.ROOT) + ")";
        }
        return reason.contains("max number of clients") ? " (raise maxclients)" : "";
    }

    /** The name is accepted, or no longer needed. */
    void remove(String name) {
        if (now.remove(name) != null) {
            told.clear();
        }
    }

    @Nullable
    String of(String name) {
        return now.get(name);
    }

    /** Number of rejections. */
    long count() {
        return count.get();
    }
}
