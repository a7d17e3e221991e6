package dev.parley.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.event.Ids;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What a single value can't tell: names that must be ids, and settings that do not go together. Each problem names keys and the fix. */
final class ConfigChecks {

    /** HS256's least, RFC 7518, section 3.2. */
    static final int SECRET_BYTES = 32;

    /** Braces would move a conversation's keys to different slots of a cluster. */
    private static final Pattern KEY_PREFIX = Pattern.compile("[A-Za-z0-9:._/-]{1,64}");

    private final LoadedConfig loaded;
    private final GatewayConfig config;
    private final List<String> problems = new ArrayList<>();

    ConfigChecks(LoadedConfig loaded) {
        this.loaded = loaded;
        this.config = loaded.gateway();
    }

    List<String> problems() {
        ids();
        streams();
        addresses();
        auth();
        redis();
        return problems;
    }

    private void ids() {
        requireId("parley.node", config.node());
        requireId("parley.auth.default-tenant", config.auth().defaultTenant());
        requireId("parley.sessions.default-agent", config.sessions().defaultAgent());
    }

    private void requireId(String key, String value) {
        if (!Ids.valid(value)) {
            problems.add(key + " is \"" + value + "\": it " + Ids.RULE);
        }
    }

    private void streams() {
        Set<String> seen = new HashSet<>();
        for (String stream : config.ingest().streams().orElseGet(List::of)) {
            if (!Ids.valid(stream)) {
                problems.add("parley.ingest.streams has \"" + stream + "\": a stream's name " + Ids.RULE);
            } else if (!seen.add(stream)) {
                problems.add("parley.ingest.streams has \"" + stream + "\" twice: name each stream once");
            }
        }
    }

    private void addresses() {
        int port = config.http().port();
        if (port != 0 && port == config.management().port()) {
            problems.add(
                    "parley.http.port and parley.management.port are both " + port + ": give them different ports");
        }
    }

    private void auth() {
        Optional<Secret> secret = config.auth().jwt().secret();
        if (config.auth().mode() == AuthMode.NONE && !loopback(config.http().host())) {
            problems.add("parley.auth.mode is none and parley.http.host is \""
                    + config.http().host()
                    + "\", so anybody could come in: set parley.auth.mode to jwt with parley.auth.jwt.secret,"
                    + " or parley.http.host to 127.0.0.1");
        }
        if (config.auth().mode() == AuthMode.JWT && secret.isEmpty()) {
            problems.add("parley.auth.mode is jwt without a parley.auth.jwt.secret: set one of at least " + SECRET_BYTES
                    + " bytes, best by PARLEY_AUTH_JWT_SECRET");
        }
        int bytes = secret.map(value -> value.value().getBytes(UTF_8).length).orElse(SECRET_BYTES);
        if (bytes < SECRET_BYTES) {
            problems.add("parley.auth.jwt.secret has " + bytes + " bytes: it must have at least " + SECRET_BYTES
                    + " random ones, such as openssl rand -base64 48 prints");
        }
    }

    private void redis() {
        if (config.redis().embedded() && !loaded.isDefault("parley.redis.uri")) {
            problems.add("parley.redis.embedded is true and parley.redis.uri is set: unset one of them");
        }
        Duration interval = config.redis().probeInterval();
        if (config.redis().probeTimeout().compareTo(interval.multipliedBy(2)) < 0) {
            problems.add("parley.redis.probe-timeout is less than two of parley.redis.probe-interval:"
                    + " a single late probe would count as deafness; raise it, or lower the interval");
        }
        config.redis()
                .keyPrefix()
                .filter(prefix -> !KEY_PREFIX.matcher(prefix).matches())
                .ifPresent(prefix -> problems.add("parley.redis.key-prefix is \"" + prefix
                        + "\": it may have up to 64 letters, digits and : . _ / -"));
    }

    /** Names other than localhost are not looked up: what they mean may change, and asking takes time. */
    private static boolean loopback(String host) {
        if (host.equals("localhost")) {
            return true;
        }
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(host);
        return address != null && address.isLoopbackAddress();
    }
}
