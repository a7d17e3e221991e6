package dev.parley.redis;

import dev.parley.event.Ids;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Tests continuously that Redis answers and that this node receives what is published. It publishes to a channel of its own on each master,
 * over the shared connection for commands, for each {@link PubSub}. A connection on which answered probes do not arrive for too long is
 * replaced. Thread-safe; runs on a timer's thread and on Redis' event loops, and never blocks.
 */
public final class Probes implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(Probes.class);

    private static final Script RIGHTS = Script.load(Probes.class, "rights.lua");
    private static final Duration STOP = Duration.ofSeconds(1);

    private final Redis redis;
    private final Keys keys;
    private final Duration interval;
    private final Duration timeout;
    private final String node = Ids.random();
    private final List<PubSub> listening;
    private final List<Map<String, Probe>> probes = new ArrayList<>();
    /** The masters that do not answer. */
    private final Sinks.Many<Set<String>> silent = Sinks.many().replay().latestOrDefault(Set.of());

    private final Disposable.Composite running = Disposables.composite();
    private final Set<String> toldSilent = new HashSet<>();
    private final Scheduler timer = Schedulers.single();

    public Probes(Redis redis, Keys keys, PubSub... listening) {
        this.redis = redis;
        this.keys = keys;
        this.interval = redis.settings().probeInterval();
        this.timeout = redis.settings().probeTimeout();
        this.listening = List.of(listening);
        this.listening.forEach(each -> probes.add(new ConcurrentHashMap<>()));
    }

    /**
     * Begins when Redis is reached for the first time, and continues until {@link #dispose}: in each interval, and immediately when Redis
     * is reached again or its masters change.
     */
    public void open() {
        Flux<?> ticks = redis.reached()
                .thenMany(Flux.merge(
                        Flux.interval(interval, timer).onBackpressureDrop(),
                        redis.up().filter(up -> up).publishOn(timer),
                        redis.changes().onBackpressureLatest().publishOn(timer)));
        boolean open = running.add(ticks.subscribe(tick -> beat()));
        if (!open) {
            throw new IllegalStateException("the probes are closed");
        }
    }

    private void beat() {
        Map<String, Integer> masters = redis.masters();
        for (int i = 0; i < probes.size(); i++) {
            place(i, masters);
            probes.get(i).values().forEach(probe -> probe.beat(timeout));
        }
    }

    /** Places one probe per master, on a slot that the master still serves. */
    private void place(int index, Map<String, Integer> masters) {
        Map<String, Probe> placed = probes.get(index);
        placed.forEach((master, probe) -> {
            if (!master.equals(redis.masterOf(probe.channel())) && placed.remove(master, probe)) {
                probe.close();
            }
        });
        masters.forEach((master, slot) -> {
            if (!placed.containsKey(master)) {
                Probe probe = probe(index, master, tag(slot));
                placed.put(master, probe);
                probe.open();
            }
        });
    }

    private Probe probe(int index, String master, String tag) {
        PubSub pubSub = listening.get(index);
        String channel = keys.probe("live", node + "-" + index, tag);
        AclRights rights = index > 0
                ? null
                : new AclRights(RIGHTS, master, redis, keys, node, tag, pubSub.sharded() ? "SPUBLISH" : "PUBLISH");
        return new Probe(master, redis, pubSub, channel, rights, this::changed);
    }

    /** The smallest number that hashes to a slot: some ten thousand are tried, once per master. */
    static String tag(int slot) {
        int number = 0;
        while (SlotHash.getSlot(Integer.toString(number)) != slot) {
            number++;
        }
        return Integer.toString(number);
    }

    private void changed() {
        Map<String, String> silentNow = new TreeMap<>();
        for (Probe probe : all()) {
            String why = probe.silent();
            if (why != null) {
                silentNow.put(probe.master(), why);
            }
        }
        tell(silentNow);
        silent.emitNext(Set.copyOf(silentNow.keySet()), Sinks.EmitFailureHandler.busyLooping(STOP));
    }

    private synchronized void tell(Map<String, String> silentNow) {
        silentNow.forEach((master, why) -> {
            if (toldSilent.add(master)) {
                LOG.warn("Redis ({}) {}", master, why);
            }
        });
        toldSilent.removeIf(master -> {
            boolean back = !silentNow.containsKey(master);
            if (back) {
                LOG.info("Redis ({}) answers again, or has been replaced", master);
            }
            return back;
        });
    }

    private Collection<Probe> all() {
        return probes.stream().flatMap(each -> each.values().stream()).toList();
    }

    /**
     * Each master's name, and whether it is available: the present state, then each change. A new master counts as available until a probe
     * fails. A cluster that has not been reached has none. Hot, never ends.
     */
    public Flux<Map<String, Boolean>> masters() {
        Flux<Boolean> changes = redis.changes().map(change -> true).startWith(true);
        Flux<Set<String>> silentNow =
                Flux.combineLatest(changes, silent.asFlux().distinctUntilChanged(), (change, which) -> which);
        return Flux.combineLatest(redis.up(), silentNow, this::answering).distinctUntilChanged();
    }

    private Map<String, Boolean> answering(boolean stands, Set<String> silentNow) {
        return redis.masters().keySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        master -> master, master -> stands && !silentNow.contains(master)));
    }

    /** The reason for which Redis is unavailable; null while any of its masters answers. */
    public @Nullable String silent() {
        Collection<Probe> all = all();
        List<String> silent =
                all.stream().map(Probe::silent).filter(Objects::nonNull).toList();
        if (all.isEmpty()) {
            return redis.whyNotReached();
        }
        return silent.size() == all.size() ? "Redis " + silent.get(0) : null;
    }

    /** Completes when a master has answered on the shared connection; fails if it is no longer a master. Bypasses the interceptor. */
    public Mono<Void> ping(String master) {
        return Mono.defer(() -> {
            Integer slot = redis.masters().get(master);
            return slot == null
                    ? Mono.error(Redis.unavailable(master + " is not a master now"))
                    : redis.unguarded(commands -> commands.exists(keys.probe("meta", node, tag(slot))))
                            .then();
        });
    }

    /** What every master rejects of what conversations need, with advice; null while one master permits all of it. */
    public @Nullable String refusedToConversations() {
        return refused(AclRights.CONVERSATIONS);
    }

    /** The same for durable streams. */
    public @Nullable String refusedToStreams() {
        return refused(AclRights.STREAMS);
    }

    private @Nullable String refused(String whose) {
        Collection<Probe> each = probes.get(0).values();
        List<String> refused = each.stream()
                .map(probe -> probe.refused(whose))
                .filter(Objects::nonNull)
                .toList();
        return !refused.isEmpty() && refused.size() == each.size() ? refused.get(0) : null;
    }

    /** The reason for which this node may miss published messages; null while it receives its probes from every master that answers. */
    public @Nullable String deaf(PubSub pubSub) {
        Collection<Probe> own = probes.get(listening.indexOf(pubSub)).values();
        String refused = own.stream()
                .map(probe -> pubSub.refusal(probe.channel()))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        if (refused != null) {
            return refused;
        }
        List<Probe> answered =
                own.stream().filter(probe -> probe.silent() == null).toList();
        if (answered.isEmpty()) {
            return "no probe can be published";
        }
        long deaf =
                answered.stream().filter(probe -> !probe.heardWithin(timeout)).count();
        return deaf == 0
                ? null
                : "nothing is heard from " + deaf + " of " + answered.size() + " masters for " + timeout.toMillis()
                        + " ms";
    }

    @Override
    public void dispose() {
        running.dispose();
        all().forEach(Probe::close);
    }
}
