package dev.parley.publish;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.store.AppendRequest;
import dev.parley.store.AppendResult;
import dev.parley.store.EventStore;
import dev.parley.store.JoinResult;
import dev.parley.store.LogHead;
import dev.parley.store.StoredEvent;
import dev.parley.store.StreamLosses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * An event store whose appends wait until the test answers them. Its logs behave as the real ones: an id is appended once, and behind an
 * event that is refused for now nothing of its conversation is appended. Reads are not scripted. Not thread-safe.
 */
public final class ScriptedAppends implements EventStore {

    /** All appends that were subscribed to, in their order. */
    public final List<Try> tries = new ArrayList<>();
    /** The master of a slot; without a cluster the one of slot 0 serves everything. */
    final Map<Integer, String> masters = new HashMap<>(Map.of(0, "redis"));

    private final Map<String, Map<String, Position>> logs = new LinkedHashMap<>();
    private final boolean sharded;
    private final int remembered;
    private final ToIntFunction<String> slots;

    /** One server. */
    ScriptedAppends() {
        this(false, 100, conversation -> 0);
    }

    private ScriptedAppends(boolean sharded, int remembered, ToIntFunction<String> slots) {
        this.sharded = sharded;
        this.remembered = remembered;
        this.slots = slots;
    }

    static ScriptedAppends remembering(int ids) {
        return new ScriptedAppends(false, ids, conversation -> 0);
    }

    /** A cluster where a conversation's slot is the number in its name, and no slot has a master yet. */
    static ScriptedAppends cluster() {
        ScriptedAppends cluster =
                new ScriptedAppends(true, 100, conversation -> Integer.parseInt(conversation.replaceAll("\\D", "")));
        cluster.masters.clear();
        return cluster;
    }

    public static ParleyException unavailable() {
        return ParleyException.of(ErrorCode.UNAVAILABLE, "Redis is unavailable");
    }

    /** One append under way. */
    public final class Try {
        final @Nullable String source;
        final List<AppendRequest> batch;
        boolean cancelled;
        private final Sinks.One<List<AppendResult>> answer = Sinks.one();

        private Try(@Nullable String source, List<AppendRequest> batch) {
            this.source = source;
            this.batch = List.copyOf(batch);
        }

        List<String> ids() {
            return QueuedEvents.ids(batch);
        }

        /** All of it comes into the logs, and the answer arrives. */
        void succeeds() {
            succeedsBut(Map.of());
        }

        /** @param refusals by event id: why that event does not come into its log */
        void succeedsBut(Map<String, ParleyException> refusals) {
            answer.tryEmitValue(append(refusals)).orThrow();
        }

        /** All of it comes into the logs, but the caller learns only of an error. */
        void losesItsAnswer(Throwable error) {
            List<AppendResult> unused = append(Map.of());
            fails(error);
        }

        /** Nothing of it comes into the logs. */
        void fails(Throwable error) {
            answer.tryEmitError(error).orThrow();
        }

        private List<AppendResult> append(Map<String, ParleyException> refusals) {
            Set<String> held = new HashSet<>();
            return batch.stream().map(one -> outcome(one, refusals, held)).toList();
        }
    }

    private AppendResult outcome(AppendRequest one, Map<String, ParleyException> refusals, Set<String> held) {
        String conversation = one.event().conversation();
        String id = Objects.requireNonNull(one.event().eventId());
        ParleyException refusal = held.contains(conversation) ? unavailable() : refusals.get(id);
        if (refusal != null) {
            AppendResult refused = new AppendResult(null, refusal);
            if (refused.isPassing()) {
                held.add(conversation);
            }
            return refused;
        }
        Map<String, Position> log = logs.computeIfAbsent(conversation, name -> new LinkedHashMap<>());
        Position before = log.get(id);
        Position position = before == null ? new Position(0, log.size() + 1) : before;
        log.put(id, position);
        return new AppendResult(new StoredEvent(position, before != null, "", false), null);
    }

    /** The event ids of a conversation's log. */
    List<String> log(String conversation) {
        return List.copyOf(logs.getOrDefault(conversation, Map.of()).keySet());
    }

    public Try latest() {
        return tries.get(tries.size() - 1);
    }

    @Override
    public Mono<List<AppendResult>> append(@Nullable String source, List<AppendRequest> events) {
        return Mono.defer(() -> {
            Try next = new Try(source, events);
            tries.add(next);
            return next.answer.asMono().doOnCancel(() -> next.cancelled = true);
        });
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
        return masters.get(sharded ? slot : 0);
    }

    @Override
    public @Nullable String masterOf(String conversation) {
        return masterOf(slotOf(conversation));
    }

    @Override
    public int remembered() {
        return remembered;
    }

    @Override
    public Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Flux<Map<String, LogHead>> glance(Collection<String> conversations) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Mono<Duration> endLostRuns(String conversation) {
        throw new UnsupportedOperationException();
    }

    @Override
    public StreamLosses losses() {
        throw new UnsupportedOperationException();
    }
}
