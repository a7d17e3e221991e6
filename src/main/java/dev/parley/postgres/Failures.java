package dev.parley.postgres;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import reactor.pool.PoolAcquirePendingLimitException;
import reactor.pool.PoolShutdownException;

/** What a failure of the driver means to the rest of the house. */
final class Failures {

    /**
     * Errors that say nothing about the statement: connections, who may log in, and which database; rollbacks that may be tried again;
     * resources, operators, the system; and a standby that takes no writes (PostgreSQL's manual, appendix A).
     */
    private static final Pattern AWAY = Pattern.compile("(08|28|3D|40|53|57|58)...|25006");

    private Failures() {}

    /** A {@link Refusal} {@code unavailable} where PostgreSQL is away or can't do it for now; else the same. */
    static Throwable mapped(Throwable e) {
        return isPassing(e) ? Refusal.of(ErrorCode.UNAVAILABLE, "PostgreSQL can't be reached: " + message(e)) : e;
    }

    static boolean isAway(Throwable e) {
        return e instanceof Refusal refusal && refusal.code() == ErrorCode.UNAVAILABLE;
    }

    private static boolean isPassing(Throwable e) {
        return e instanceof R2dbcTransientException
                || e instanceof R2dbcNonTransientResourceException
                || e instanceof TimeoutException
                || e instanceof IOException
                || e instanceof PoolAcquirePendingLimitException
                || e instanceof PoolShutdownException
                || (e instanceof R2dbcException known
                        && known.getSqlState() != null
                        && AWAY.matcher(known.getSqlState()).matches());
    }

    /** For the operator: what happened, and which setting may be wrong. */
    static String advice(Throwable e) {
        return message(e) + setting(e);
    }

    private static String setting(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof SSLException || each instanceof GeneralSecurityException) {
                return " (see sslMode and sslRootCert in parley.postgres.url)";
            }
            String state =
                    each instanceof R2dbcException known && known.getSqlState() != null ? known.getSqlState() : "";
            if (state.startsWith("28")) {
                return " (see parley.postgres.username, parley.postgres.password, and sslMode in parley.postgres.url)";
            }
            if (state.startsWith("3D")) {
                return " (see the database in parley.postgres.url)";
            }
        }
        return "";
    }

    static String message(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
