package dev.parley.store;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Ends runs whose agents have died. One script finds them, another appends the end of one if it is still silent, by Redis' own clock. So
 * any number of nodes may run this concurrently.
 */
final class RunReaper {

    private static final Logger LOG = LoggerFactory.getLogger(RunReaper.class);

    private static final Script FIND = Script.load(RunReaper.class, "silence.lua", "silent-runs.lua");

    private static final int FIRST_RUN = 2;
    private static final int FIELDS = 4;
    /** The part of the silence that agents have to publish again after an outage of Redis: one in that many. */
    private static final int HOLD_PART = 10;

    private final Redis redis;
    private final Keys keys;
    private final AppendScript appending;
    private final Duration silence;
    private volatile long heldUntil = System.nanoTime();

    RunReaper(Redis redis, Keys keys, AppendScript appending, Duration silence) {
        this.redis = redis;
        this.keys = keys;
        this.appending = appending;
        this.silence = silence;
    }

    /** Ends nothing for a while. */
    void hold() {
        heldUntil = System.nanoTime() + silence.dividedBy(HOLD_PART).toNanos();
    }

    /** See {@link RedisEventStore#endLostRuns}. */
    Mono<Duration> end(String conversation) {
        return Mono.defer(() -> {
            long held = heldUntil - System.nanoTime();
            if (held > 0) {
                return Mono.just(Duration.ofNanos(held));
            }
            String[] asked = {keys.log(conversation), keys.meta(conversation), keys.runs(conversation)};
            return FIND.run(redis, asked, Script.bytes(silence.toMillis()))
                    .flatMap(reply -> endAll(conversation, reply));
        });
    }

    private Mono<Duration> endAll(String conversation, List<Object> reply) {
        Instant now = Instant.ofEpochMilli(Long.parseLong(Script.text(reply.get(0))));
        String left = Script.text(reply.get(1));
        return Flux.fromIterable(lost(conversation, reply))
                .concatMap(run -> end(run, now))
                .then(left.isEmpty() ? Mono.empty() : Mono.just(Duration.ofMillis(Long.parseLong(left))));
    }

    private static List<LostRun> lost(String conversation, List<Object> reply) {
        List<LostRun> lost = new ArrayList<>();
        for (int i = FIRST_RUN; i + FIELDS <= reply.size(); i += FIELDS) {
            String key = Script.text(reply.get(i));
            lost.add(new LostRun(
                    conversation,
                    key.substring(0, key.indexOf('\n')),
                    Script.text(reply.get(i + 1)),
                    Script.text(reply.get(i + 2)),
                    Duration.ofMillis(Long.parseLong(Script.text(reply.get(i + 3))))));
        }
        return lost;
    }

    private Mono<Void> end(LostRun run, Instant now) {
        return appending
                .runLost(redis, run.failed(now), silence)
                .doOnNext(appended -> LOG.info(
                        "The run {} of the agent {} in {} was ended: it was silent for {} ms",
                        run.run(),
                        run.agent(),
                        run.conversation(),
                        run.lease().toMillis()))
                .then();
    }
}
