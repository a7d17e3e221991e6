package dev.parley.cli;

import dev.parley.config.ConfigException;
import dev.parley.config.ConfigLoader;
import dev.parley.config.GatewayConfig;
import dev.parley.ingest.DeadLetters;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisTopology;
import dev.parley.redis.RedisUri;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The Redis and the streams whose dead letters are selected. */
final class DeadLettersSource {

    /** Beyond the time that a connection may take. */
    private static final Duration FOR_A_PAGE = Duration.ofMinutes(10);

    @Mixin
    private ConfigOptions options;

    @Option(
            names = "--stream",
            paramLabel = "NAME",
            description = "A durable stream; all of parley.ingest.streams unless given.")
    private @Nullable String stream;

    /**
     * Blocks while it does something with each stream's dead letters, one stream after the other.
     *
     * @param work is given the stream's name and its dead letters
     * @throws IOException when Redis can't be reached
     */
    <T> List<T> each(Map<String, String> environment, BiFunction<String, DeadLetters, ? extends Flux<T>> work)
            throws IOException {
        GatewayConfig config = options.load(new ConfigLoader(), environment).gateway();
        if (config.redis().embedded()) {
            throw new ConfigException(
                    List.of("parley.redis.embedded: an embedded Redis belongs to its gateway; its address"
                            + " is in that one's log, give it by --redis"));
        }
        String uri = config.redis().uri().value();
        Redis redis = new Redis(RedisTopology.parse(uri), "parley:" + config.node(), config.redis());
        redis.open();
        try {
            Boolean reached = redis.reached()
                    .thenReturn(true)
                    .timeout(config.redis().connectTimeout(), Mono.empty())
                    .block();
            if (reached == null) {
                throw new IOException("Redis can't be reached at " + RedisUri.hidePassword(uri));
            }
            Keys keys = new Keys(config.redis().keyPrefix().orElse(""));
            return Flux.fromIterable(streams(config))
                    .concatMap(name -> work.apply(name, new DeadLetters(redis, keys.stream(name))))
                    .collectList()
                    .blockOptional(FOR_A_PAGE)
                    .orElseThrow();
        } finally {
            redis.close().block(Duration.ofSeconds(10));
        }
    }

    private List<String> streams(GatewayConfig config) {
        return Optional.ofNullable(stream)
                .map(List::of)
                .or(() -> config.ingest().streams())
                .orElseThrow(() ->
                        new ConfigException(List.of("parley.ingest.streams is empty: name a stream by --stream")));
    }
}
