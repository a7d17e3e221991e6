package dev.parley.archive;

import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import io.lettuce.core.XAddArgs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The names of items to be archived, on a stream that all nodes share through the group {@code archiver}. It is rarely on the slot of its
 * items, so a crash may lose a mark: {@link Archiver} finds unmarked items. Thread-safe, cold, on Redis' event loop.
 */
public final class DirtySet {

    private static final Logger LOG = LoggerFactory.getLogger(DirtySet.class);

    private static final Script TAKE = Script.load(DirtySet.class, "take.lua");
    private static final Script DONE = Script.load(DirtySet.class, "done.lua");

    private static final String NAME = "name";
    private static final int AT_ONCE = 64;
    private static final long MAX = 1_000_000;

    private final Redis redis;
    private final String stream;

    /** @param stream its key */
    public DirtySet(Redis redis, String stream) {
        this.redis = redis;
        this.stream = stream;
    }

    /** Marks items. Never fails, because the change itself has been made. */
    public Mono<Void> set(Collection<String> names) {
        return Flux.fromIterable(names)
                .flatMap(this::set, AT_ONCE)
                .onErrorResume(e -> {
                    LOG.warn("{} could not be marked for the archive yet: {}", names, e.getMessage());
                    return Mono.empty();
                })
                .then();
    }

    private Mono<String> set(String name) {
        XAddArgs bounded = XAddArgs.Builder.maxlen(MAX).approximateTrimming();
        return redis.callOne(stream, commands -> commands.xadd(stream, bounded, Map.of(NAME, Script.bytes(name))));
    }

    /**
     * The marks taken by a node.
     *
     * @param all number of all marks, including those of other nodes
     * @param oldest age of the oldest of these
     * @param again ids of marks that another archiver took and did not acknowledge in time, by name
     * @param fresh ids of marks taken for the first time, without these names
     * @param count number of marks taken
     */
    record Taken(
            long all, Duration oldest, Map<String, List<String>> again, Map<String, List<String>> fresh, int count) {}

    /**
     * Takes marks.
     *
     * @param claimAfter time after which a node that has not acknowledged counts as dead
     */
    Mono<Taken> take(String node, int most, Duration claimAfter) {
        return TAKE.run(
                        redis,
                        new String[] {stream},
                        Script.bytes(node),
                        Script.bytes(most),
                        Script.bytes(claimAfter.toMillis()))
                .map(DirtySet::taken);
    }

    private static Taken taken(List<Object> reply) {
        Map<String, List<String>> again = new LinkedHashMap<>();
        Map<String, List<String>> fresh = new LinkedHashMap<>();
        List<Object> marks = Script.list(reply.get(2));
        long claimed = (Long) reply.get(3);
        for (int i = 0; i < marks.size(); i++) {
            List<Object> entry = Script.list(marks.get(i));
            String name = Script.text(Script.list(entry.get(1)).get(1));
            Map<String, List<String>> ids = i < claimed || again.containsKey(name) ? again : fresh;
            ids.computeIfAbsent(name, first -> new ArrayList<>()).add(Script.text(entry.get(0)));
        }
        return new Taken((Long) reply.get(0), Duration.ofMillis((Long) reply.get(1)), again, fresh, marks.size());
    }

    /**
     * Acknowledges and deletes marks.
     *
     * @param changed names that are marked again in the same step
     */
    Mono<Void> done(List<String> ids, List<String> changed) {
        return DONE.run(
                        redis,
                        new String[] {stream},
                        Stream.of(
                                        Stream.of(Long.toString(MAX), Integer.toString(changed.size())),
                                        changed.stream(),
                                        ids.stream())
                                .flatMap(each -> each)
                                .map(Script::bytes)
                                .toArray(byte[][]::new))
                .then();
    }
}
