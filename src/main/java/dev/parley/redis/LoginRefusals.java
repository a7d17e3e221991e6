package dev.parley.redis;

import io.lettuce.core.RedisCommandExecutionException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The reason for which a reachable server rejects connections, such as a changed password. Thread-safe. */
final class LoginRefusals {

    private static final Logger LOG = LoggerFactory.getLogger(LoginRefusals.class);

    private volatile @Nullable String now;
    private volatile boolean stands;

    /** Logs the server's own error if it differs from the last one. Other failures are ignored. */
    synchronized void add(Throwable error) {
        String before = now;
        note(error);
        String reason = now;
        if (reason != null && !reason.equals(before)) {
            LOG.error("{}. It is tried again; the same reason is not logged again", reason);
        }
    }

    /** As {@link #add}, without the log. While the shared connection is open, rejections of other connections are not Redis' own. */
    void note(Throwable error) {
        if (stands) {
            return;
        }
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof RedisCommandExecutionException) {
                String reason = AclDenial.brief(cause);
                now = "Redis refuses the connection: " + reason + advice(reason);
                return;
            }
        }
    }

    private static String advice(String reason) {
        if (reason.contains("max number of clients")) {
            return " (raise maxclients)";
        }
        return reason.contains("WRONGPASS") || reason.contains("AUTH")
                ? " (check the user and the password in parley.redis.uri)"
                : "";
    }

    /** Whether the shared connection is open. */
    void stands(boolean now) {
        stands = now;
        if (now) {
            this.now = null;
        }
    }

    @Nullable
    String now() {
        return now;
    }

    String orElse(String other) {
        return Objects.requireNonNullElse(now, other);
    }
}
