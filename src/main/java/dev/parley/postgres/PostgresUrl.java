package dev.parley.postgres;

import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.TARGET_SERVER_TYPE;

import io.r2dbc.postgresql.MultiHostConnectionStrategy.TargetServerType;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The URL of PostgreSQL, such as {@code postgresql://host:5432/database?sslMode=verify-full}; several hosts separated by commas. It
 * contains no secret, because user and password have settings of their own.
 */
public record PostgresUrl(String value) {

    private static final Pattern URL = Pattern.compile("postgres(?:ql)?://([^/?@]+/[^/?@]+(?:\\?.*)?)");

    /**
     * Supported options; the driver ignores unknown ones silently. Not among them: what the gateway sets itself, what poolers can't support
     * (names of statements, a timeout as a parameter of the connection), and passwords.
     */
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
            "loadBalanceHosts");

    /** @throws IllegalArgumentException when it is not a PostgreSQL URL, or contains a user or a password */
    public static PostgresUrl parse(String text) {
        PostgresUrl url = new PostgresUrl(text);
        ConnectionFactoryOptions unused = url.options();
        return url;
    }

    /**
     * The driver's options. Of several hosts the driver uses the one that accepts writes, unless {@code targetServerType} says otherwise.
     */
    ConnectionFactoryOptions options() {
        var matcher = URL.matcher(value);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a PostgreSQL URL");
        }
        String rest = matcher.group(1);
        boolean several = rest.substring(0, rest.indexOf('/')).contains(",");
        ConnectionFactoryOptions options =
                ConnectionFactoryOptions.parse("r2dbc:postgresql:" + (several ? "failover:" : "") + "//" + rest);
        return several && !options.hasOption(TARGET_SERVER_TYPE)
                ? options.mutate()
                        .option(TARGET_SERVER_TYPE, TargetServerType.PRIMARY)
                        .build()
                : options;
    }

    /** The reason why it can't be used, with the option's name; null if there is none. Reads no file. */
    public @Nullable String problem() {
        int query = value.indexOf('?');
        for (String option :
                query < 0 ? new String[0] : value.substring(query + 1).split("&", -1)) {
            String name = option.substring(0, option.indexOf('=') < 0 ? option.length() : option.indexOf('='));
            if (!KNOWN.contains(name)) {
                return "has the option \"" + name + "\": use only " + String.join(", ", KNOWN);
            }
        }
        try {
            ConnectionFactory unused = ConnectionFactories.get(options()
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
        return value;
    }
}
