package dev.parley.bench;

import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.subject.Via;
import io.lettuce.core.RedisURI;
import java.net.URI;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A gateway and a Redis that are there already, and what cannot be measured on them. It is said before anything is started.
 *
 * @param gateway null for one that is started
 * @param redis null for one that is started, or is not known
 */
record Deployment(@Nullable URI gateway, @Nullable String redis) {

    private static final Set<Via> BY_REDIS = Set.of(Via.PUBSUB, Via.STREAM);
    private static final Set<String> SCHEMES = Set.of("http", "ws");

    /** @throws IllegalArgumentException with what would have to be asked for */
    void check(Scenario scenario, List<Phase> phases) {
        if (redis != null) {
            redis(redis, scenario);
        }
        if (gateway == null) {
            return;
        }
        address(gateway);
        if (scenario.startsTheGateway() || scenario.redisKeepsData()) {
            throw new IllegalArgumentException(scenario.name() + " starts what it measures: leave out --gateway");
        }
        for (Phase phase : phases) {
            if (redis == null && BY_REDIS.contains(phase.via())) {
                throw new IllegalArgumentException("%s/%s publishes by the gateway's Redis: name it with --redis"
                        .formatted(scenario.name(), phase.name()));
            }
            if (phase.settings().nodes() > 1) {
                throw new IllegalArgumentException(
                        "%s/%s starts %d gateways: leave out --gateway, or name other phases with --phase"
                                .formatted(
                                        scenario.name(),
                                        phase.name(),
                                        phase.settings().nodes()));
            }
        }
    }

    private static void redis(String redis, Scenario scenario) {
        if (scenario.redisKeepsData()) {
            throw new IllegalArgumentException(scenario.name() + " kills its Redis: leave out --redis");
        }
        RedisURI uri = RedisURI.create(redis);
        if (uri.getHost() == null || uri.getHost().isEmpty()) {
            throw new IllegalArgumentException(
                    "the publisher connects to one Redis by its address: name it as redis://host:port");
        }
        if (uri.getDatabase() != 0) {
            throw new IllegalArgumentException(
                    "the gateway takes a database number only with a key prefix, which the publisher does not know:"
                            + " leave out /" + uri.getDatabase());
        }
        if (uri.isSsl()) {
            throw new IllegalArgumentException(
                    "the publisher speaks no TLS, which would be measured with the rest: name a port without it, as redis://host:port");
        }
    }

    private static void address(URI gateway) {
        String scheme = gateway.getScheme();
        if (scheme != null && (scheme.equals("https") || scheme.equals("wss"))) {
            throw new IllegalArgumentException(
                    "the sockets speak no TLS, which would be measured with the rest: name a port of the gateway without it, as http://host:port");
        }
        boolean root = gateway.getRawPath() == null
                || gateway.getRawPath().isEmpty()
                || gateway.getRawPath().equals("/");
        if (scheme == null || !SCHEMES.contains(scheme) || gateway.getHost() == null || !root) {
            throw new IllegalArgumentException("--gateway is not like http://host:port: " + gateway);
        }
    }
}
