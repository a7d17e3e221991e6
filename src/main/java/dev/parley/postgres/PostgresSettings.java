package dev.parley.postgres;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where PostgreSQL is and how it is spoken to.
 *
 * @param url such as {@code postgresql://host:5432/database?sslMode=verify-full}; several hosts with commas between them
 * @param username null for the driver's own default
 * @param pool connections at most
 * @param connectTimeout of one attempt, and the longest wait for a connection of the pool
 * @param queryTimeout of one statement, or of one transaction
 * @param applicationName as {@code pg_stat_activity} shows it
 */
public record PostgresSettings(
        String url,
        @Nullable String username,
        @Nullable String password,
        int pool,
        Duration connectTimeout,
        Duration queryTimeout,
        String applicationName) {

    private static final Pattern URL = Pattern.compile("postgres(?:ql)?://([^/?@]+/[^/?@]+(?:\\?.*)?)");

    public PostgresSettings {
        ConnectionFactoryOptions unused = options(url);
    }

    /**
     * What the driver makes of a URL.
     *
     * @throws IllegalArgumentException when it is none, or has a user or a password in it
     */
    public static ConnectionFactoryOptions options(String url) {
        var matcher = URL.matcher(url);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a URL of PostgreSQL");
        }
        String rest = matcher.group(1);
        boolean several = rest.substring(0, rest.indexOf('/')).contains(",");
        return ConnectionFactoryOptions.parse("r2dbc:postgresql:" + (several ? "failover:" : "") + "//" + rest);
    }

    @Override
    public String toString() {
        return applicationName + " at " + url;
    }
}
