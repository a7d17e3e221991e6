package dev.parley.postgres;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where PostgreSQL is and how it is spoken to.
 *
 * @param url such as {@code postgresql://host:5432/database?sslMode=verify-full}; several hosts with commas between them
 * @param password null for none
 * @param pool connections at most
 * @param connectTimeout of one attempt, and the longest wait for a connection of the pool
 * @param queryTimeout of one statement, or of one transaction
 * @param applicationName as {@code pg_stat_activity} shows it
 */
public record PostgresSettings(
        String url,
        String username,
        @Nullable String password,
        int pool,
        Duration connectTimeout,
        Duration queryTimeout,
        String applicationName) {

    private static final Pattern URL = Pattern.compile("postgres(?:ql)?://([^/?@]+/[^/?@]+(?:\\?.*)?)");

    /** What the driver does not know it passes over in silence. Not among them: what the gateway sets itself, and passwords. */
    private static final List<String> KNOWN = List.of(
            "sslMode",
            "sslmode",
            "sslRootCert",
            "sslCert",
            "sslKey",
            "sslNegotiation",
            "sslSni",
            "channelBinding",
            "schema",
            "options",
            "targetServerType",
            "hostRecheckTime",
            "loadBalanceHosts",
            "preparedStatementCacheQueries",
            "lockWaitTimeout");

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

    /** What keeps a URL that {@link #options} takes from being used, in words that name the option; null when nothing does. Reads no file. */
    public static @Nullable String problem(String url) {
        int query = url.indexOf('?');
        for (String option :
                query < 0 ? new String[0] : url.substring(query + 1).split("&", -1)) {
            String name = option.substring(0, option.indexOf('=') < 0 ? option.length() : option.indexOf('='));
            if (!KNOWN.contains(name)) {
                return "has the option \"" + name + "\": use only " + String.join(", ", KNOWN);
            }
        }
        try {
            ConnectionFactory unused = ConnectionFactories.get(options(url)
                    .mutate()
                    .option(ConnectionFactoryOptions.USER, "anybody")
                    .build());
            return null;
        } catch (IllegalArgumentException e) {
            return "can't be used: " + e.getMessage()
                    + (e.getCause() == null ? "" : ": " + e.getCause().getMessage());
        }
    }

    @Override
    public String toString() {
        return applicationName + " at " + url;
    }
}
