package dev.parley.postgres;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
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

/** Interprets failures of the driver. */
final class Failures {

    /**
     * Errors that do not concern the statement: connections, logins, the database's name; rollbacks that may be retried; resources,
     * operators, the system; and names of statements, which a pooler has mixed up because the gateway gives none (PostgreSQL's manual,
     * appendix A).
     */
    private static final Pattern AWAY = Pattern.compile("(08|28|3D|40|53|57|58)...|26000|42P05");

    private static final String READ_ONLY = "25006";
    private static final String PROTOCOL_VIOLATION = "08P01";

    /** Errors after which a connection can't be used any more. */
    private static final Pattern SPENT = Pattern.compile("(08|58)...|57P..|26000|42P05|" + READ_ONLY);

    private Failures() {}

    /** A {@link ParleyException} {@code unavailable} if PostgreSQL is unavailable or rejects the call for now; otherwise the same error. */
    static Throwable mapped(Throwable e) {
        if (isReadOnly(e)) {
            return ParleyException.of(ErrorCode.UNAVAILABLE, "PostgreSQL accepts no writes: " + message(e));
        }
        return isAway(e) ? ParleyException.of(ErrorCode.UNAVAILABLE, "PostgreSQL can't be reached: " + message(e)) : e;
    }

    /** Whether a server that answers accepts no writes: a standby, or one that its operator or host has made read-only. */
    static boolean isReadOnly(Throwable e) {
        return state(e).equals(READ_ONLY);
    }

    /** Whether a connection can't be used any more after this failure. */
    static boolean isSpent(Throwable e) {
        return e instanceof TimeoutException || SPENT.matcher(state(e)).matches();
    }

    /** Whether PostgreSQL could not be asked, or not in time, whatever the call was. */
    static boolean isAway(Throwable e) {
        return !isReadOnly(e)
                && (e instanceof R2dbcTransientException
                        || e instanceof R2dbcNonTransientResourceException
                        || e instanceof TimeoutException
                        || e instanceof IOException
                        || e instanceof PoolAcquirePendingLimitException
                        || e instanceof PoolShutdownException
                        || AWAY.matcher(state(e)).matches());
    }

    /** The five characters by which PostgreSQL names an error; empty for other errors. */
    private static String state(Throwable e) {
        return e instanceof R2dbcException known && known.getSqlState() != null ? known.getSqlState() : "";
    }

    /** For the operator: the failure, and the setting that may be wrong. */
    static String advice(Throwable e) {
        return message(e) + setting(e);
    }

    private static String setting(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof SSLException || each instanceof GeneralSecurityException) {
                return " (see sslMode and sslRootCert in parley.postgres.url)";
            }
            String state = state(each);
            if (state.startsWith("28")) {
                return " (see parley.postgres.username, parley.postgres.password, and sslMode in parley.postgres.url)";
            }
            if (state.startsWith("3D")) {
                return " (see the database in parley.postgres.url)";
            }
            if (state.equals(READ_ONLY)) {
                return " (it is a standby, or default_transaction_read_only is on: see the hosts in parley.postgres.url,"
                        + " and whether the server's disk is full)";
            }
            if (state.equals("26000") || state.equals("42P05")) {
                return " (a pooler in between mixes up the statements of its clients: let it pool by transaction or by"
                        + " session, or put PostgreSQL itself into parley.postgres.url)";
            }
            if (state.equals(PROTOCOL_VIOLATION)) {
                return pooler(message(e));
            }
        }
        return "";
    }

    /** PgBouncer uses one state for most of its own errors. */
    private static String pooler(String message) {
        if (message.contains("startup parameter")) {
            return " (a pooler in between refuses it: take it out of options in parley.postgres.url, or put it into"
                    + " PgBouncer's ignore_startup_parameters)";
        }
        if (message.contains("statement pooling")) {
            return " (set PgBouncer's pool_mode to transaction or session)";
        }
        return " (so says a pooler in between: see its log and its settings)";
    }

    static String message(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
