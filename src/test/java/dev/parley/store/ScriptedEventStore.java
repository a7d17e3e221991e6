package dev.parley.store;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import dev.parley.support.ScriptedCalls;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Event store without a store: each call is recorded and answered by the test, now or later, with success or failure. */
public final class ScriptedEventStore implements EventStore {

    public record AppendCall(@Nullable String source, List<AppendRequest> events) {}

    public record JoinRequest(
            String conversation,
            @Nullable Position since,
            @Nullable Access access) {}

    private static final int REMEMBERED = 2_000;
    private static final String ONLY_MASTER = "master";

    private final ScriptedCalls<AppendCall, List<AppendResult>> appends = new ScriptedCalls<>("append");
    private final ScriptedCalls<JoinRequest, JoinResult> joins = new ScriptedCalls<>("join");
    private final ScriptedCalls<Set<String>, Map<String, LogHead>> glances = new ScriptedCalls<>("glance");
    private final ScriptedCalls<String, Duration> endedRuns = new ScriptedCalls<>("endLostRuns");
    private final ScriptedStreamLosses losses = new ScriptedStreamLosses();
    private final Map<Integer, String> masters = new HashMap<>(Map.of(0, ONLY_MASTER));
    private ToIntFunction<String> slots = conversation -> 0;
    private boolean sharded;

    public ScriptedCalls<AppendCall, List<AppendResult>> appends() {
        return appends;
    }

    public ScriptedCalls<JoinRequest, JoinResult> joins() {
        return joins;
    }

    /** Calls of {@link #glance}, with the names asked for. An answer is one master's: the call emits it and completes. */
    public ScriptedCalls<Set<String>, Map<String, LogHead>> glances() {
        return glances;
    }

    /** Calls of {@link #endLostRuns}, with the conversation. */
    public ScriptedCalls<String, Duration> endedRuns() {
        return endedRuns;
    }

    /** Makes this a cluster. No slot has a master but those that {@link #serve} names. */
    public void shard(ToIntFunction<String> slotOf) {
        slots = slotOf;
        sharded = true;
        masters.clear();
    }

    /** Says which master serves a slot from now on; null for none. Without a cluster all conversations are on slot 0. */
    public void serve(int slot, @Nullable String master) {
        if (master == null) {
            masters.remove(slot);
        } else {
            masters.put(slot, master);
        }
    }

    @Override
    public Mono<List<AppendResult>> append(@Nullable String source, List<AppendRequest> events) {
        return appends.call(new AppendCall(source, List.copyOf(events))).next();
    }

    @Override
    public Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access) {
        return joins.call(new JoinRequest(conversation, since, access)).next();
    }

    @Override
    public Flux<Map<String, LogHead>> glance(Collection<String> conversations) {
        return glances.call(Set.copyOf(conversations));
    }

    @Override
    public Mono<Duration> endLostRuns(String conversation) {
        return endedRuns.call(conversation).next();
    }

    @Override
    public ScriptedStreamLosses losses() {
        return losses;
    }

    @Override
    public boolean sharded() {
        return sharded;
    }

    @Override
    public int slotOf(String conversation) {
        return slots.applyAsInt(conversation);
    }

    @Override
    public @Nullable String masterOf(int slot) {
        return masters.get(slot);
    }

    @Override
    public @Nullable String masterOf(String conversation) {
        return masterOf(slotOf(conversation));
    }

    @Override
    public int remembered() {
        return REMEMBERED;
    }

    /** Losses that the test tells of. */
    public static final class ScriptedStreamLosses implements StreamLosses {

        public record Loss(String stream, long count) {}

        private final ScriptedCalls<Loss, Void> adds = new ScriptedCalls<>("losses.add");
        private final ScriptedCalls<String, Void> looks = new ScriptedCalls<>("losses.look");
        private final Sinks.Many<Long> news = Sinks.many().multicast().directBestEffort();

        private ScriptedStreamLosses() {}

        public ScriptedCalls<Loss, Void> adds() {
            return adds;
        }

        /** Calls of {@link #look}; the argument says nothing. */
        public ScriptedCalls<String, Void> looks() {
            return looks;
        }

        /** Whoever listens learns of a loss at that time, in ms since 1970. */
        public void found(long at) {
            news.tryEmitNext(at).orThrow();
        }

        @Override
        public Mono<Void> add(String stream, long count) {
            return adds.call(new Loss(stream, count)).then();
        }

        @Override
        public Mono<Void> look() {
            return looks.call("").then();
        }

        @Override
        public Flux<Long> news() {
            return news.asFlux();
        }
    }
}
