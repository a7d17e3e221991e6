package dev.parley.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.auth.AuthMode;
import dev.parley.event.Ids;
import dev.parley.llmcache.Category;
import dev.parley.llmcache.semantic.SemanticSettings;
import dev.parley.llmcache.semantic.embedding.Embedding;
import dev.parley.llmcache.text.Telephones;
import dev.parley.postgres.EmbeddedPostgres;
import dev.parley.postgres.PostgresUrl;
import dev.parley.ratelimit.LimitScope;
import dev.parley.ratelimit.Limits;
import dev.parley.redis.RedisBinary;
import dev.parley.redis.RedisTopology;
import dev.parley.support.Secret;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a single value can't tell: names that must be ids, and settings that do not go together. Each problem names keys and the fix. */
final class ConfigChecks {

    /** HS256's least, RFC 7518, section 3.2. */
    static final int SECRET_BYTES = 32;

    /** Braces would move a conversation's keys to different slots of a cluster. */
    private static final Pattern KEY_PREFIX = Pattern.compile("[A-Za-z0-9:._/-]{1,64}");

    private static final Pattern PRICE = Pattern.compile("[^=]+=[0-9]{1,9}(\\.[0-9]{1,9})?/[0-9]{1,9}(\\.[0-9]{1,9})?");
    private static final Pattern COSINE = Pattern.compile("0\\.[5-9][0-9]{0,8}|1(\\.0{1,8})?");

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
        postgres();
        semantic();
        upstream();
        limits();
        return problems;
    }

    private void ids() {
        requireId("parley.node", config.node());
        requireId("parley.auth.default-tenant", config.auth().defaultTenant());
        requireId("parley.sessions.default-agent", config.sessions().defaultAgent());
        config.cache().seedTenant().ifPresent(tenant -> requireId("parley.cache.seed-tenant", tenant));
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
        int key = config.audit()
                .key()
                .map(value -> value.value().getBytes(UTF_8).length)
                .orElse(SECRET_BYTES);
        if (key < SECRET_BYTES) {
            problems.add("parley.audit.key has " + key + " bytes: it must have at least " + SECRET_BYTES
                    + " random ones, such as openssl rand -base64 48 prints");
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
        if (config.redis().embedded() && !RedisBinary.available()) {
            problems.add("parley.redis.embedded is true, but only parley demo has the binaries: set parley.redis.uri");
        }
        Duration interval = config.redis().probeInterval();
        if (config.redis().probeTimeout().compareTo(interval.multipliedBy(2)) < 0) {
            problems.add("parley.redis.probe-timeout is less than two of parley.redis.probe-interval:"
                    + " a single late probe would count as deafness; raise it, or lower the interval");
        }
        database();
        config.redis()
                .keyPrefix()
                .filter(prefix -> !KEY_PREFIX.matcher(prefix).matches())
                .ifPresent(prefix -> problems.add("parley.redis.key-prefix is \"" + prefix
                        + "\": it may have up to 64 letters, digits and : . _ / -"));
    }

    /** Agents publish on names that they know, so a database number can't silently become part of them. */
    private void database() {
        RedisTopology topology = RedisTopology.parse(config.redis().uri().value());
        int database = topology.database();
        if (database == 0) {
            return;
        }
        if (topology.sharded()) {
            problems.add("parley.redis.uri names database " + database
                    + ", but a cluster has only database 0: leave it out");
        } else if (config.redis().keyPrefix().isEmpty()) {
            problems.add("parley.redis.uri names database " + database
                    + " and parley.redis.key-prefix is not set: Redis' Pub/Sub ignores database numbers, so gateways on two"
                    + " databases would show each other's events; set parley.redis.key-prefix, such as db" + database
                    + ":, and let agents put it in front of every key and channel, or leave the database out");
        }
    }

    private void semantic() {
        SemanticSettings semantic = config.cache().semantic();
        if ((semantic.embedder() == Embedding.HTTP) != semantic.url().isPresent()) {
            problems.add("parley.cache.semantic.embedder and parley.cache.semantic.url don't agree:"
                    + " the embedder http has a url, and no other one has");
        }
        semantic.categories().forEach(category -> requireCategory("parley.cache.semantic.categories", category));
        semantic.thresholds().orElseGet(List::of).forEach(each -> {
            String[] both = each.split("=", 2);
            requireCategory("parley.cache.semantic.thresholds", both[0]);
            if (both.length == 1 || !COSINE.matcher(both[1]).matches()) {
                problems.add("parley.cache.semantic.thresholds has \"" + each
                        + "\": it must be a category and a cosine from 0.5 to 1, such as faq=0.97");
            }
        });
        List<String> regions = config.cache().telephoneRegions();
        if (!regions.equals(List.of("none"))) {
            regions.stream()
                    .filter(each -> !Telephones.regions().contains(each))
                    .forEach(
                            each -> problems.add(
                                    "parley.cache.telephone-regions has \"" + each
                                            + "\": it must be two capital letters of ISO 3166, such as DE, for each region, or none alone"));
        }
        config.cache().prices().orElseGet(List::of).stream()
                .filter(each -> !PRICE.matcher(each).matches())
                .forEach(each -> problems.add("parley.cache.prices has \"" + each
                        + "\": it must be a model and what a million tokens cost of what it reads and of what it writes, such as"
                        + " gpt-4o=2.5/10"));
        config.cache().agents().orElseGet(List::of).forEach(each -> {
            String[] both = each.split("=", 2);
            requireId("parley.cache.agents", both[0]);
            requireCategory("parley.cache.agents", both.length == 1 ? "" : both[1]);
        });
    }

    private void requireCategory(String key, String category) {
        if (!Category.words().contains(category)) {
            problems.add(key + " has \"" + category + "\": it may have "
                    + Category.words().stream().sorted().collect(Collectors.joining(", ")));
        }
    }

    private void postgres() {
        if (config.postgres().embedded() && config.postgres().url().isPresent()) {
            problems.add("parley.postgres.embedded is true and parley.postgres.url is set: unset one of them");
        }
        if (config.postgres().embedded() && !EmbeddedPostgres.available()) {
            problems.add(
                    "parley.postgres.embedded is true, but only parley demo has the binaries: set parley.postgres.url");
        }
        boolean login = config.postgres().username().isPresent()
                || config.postgres().password().isPresent();
        if (login && config.postgres().url().isEmpty()) {
            problems.add("parley.postgres.username or password is set without a parley.postgres.url:"
                    + " say where PostgreSQL is, or unset them");
        }
        if (config.postgres().url().isPresent() && config.postgres().username().isEmpty()) {
            problems.add("parley.postgres.url is set without a parley.postgres.username: say who logs in there");
        }
        config.postgres()
                .url()
                .map(PostgresUrl::problem)
                .ifPresent(problem -> problems.add("parley.postgres.url " + problem));
    }

    private void upstream() {
        if (config.upstream().key().isPresent() && config.upstream().url().isEmpty()) {
            problems.add("parley.upstream.key is set without a parley.upstream.url: say whose it is, or unset it");
        }
    }

    private void limits() {
        config.limits().forEach((name, limit) -> {
            if (limit.events().isEmpty()) {
                problems.add("parley.limits." + name + ".events is not set: say how many there may be in a period");
            }
            if (name.equals(Limits.CONNECT) && limit.per() == LimitScope.CONVERSATION) {
                problems.add("parley.limits.connect.per is conversation: a socket has none when it connects;"
                        + " set it to address, subject or tenant");
            }
        });
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
