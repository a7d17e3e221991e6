package dev.parley.llmcache;

import dev.parley.llmcache.live.LiveAnswers;
import dev.parley.support.LatestSubscription;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Of several callers that want the same response one computes it, and the others wait. All callers on this node that wait for one key, and
 * for a response of the same maximum age, share one look-up, every {@link #LOOK_FIRST} to {@link #LOOK_LATER}. It finds what another node
 * has stored, or how that failed, or takes over from a caller that is gone. Results and failures of this node reach them immediately.
 * Callers that accept a stream in progress receive it as soon as it is shown, on any node. Thread-safe.
 */
final class SingleFlight implements Disposable {

    private static final Duration LOOK_FIRST = Duration.ofMillis(20);
    private static final Duration LOOK_LATER = Duration.ofMillis(200);

    private final Flights flights;
    private final LiveAnswers live;
    private final int most;
    private final Map<CacheKey, List<Group>> groups = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean disposed;

    /** @param most maximum number of waiting callers; further ones do not wait */
    SingleFlight(Flights flights, LiveAnswers live, int most) {
        this.flights = flights;
        this.live = live;
        this.most = most;
    }

    Mono<CacheAnswer> look(CacheKey key, LookupOptions terms) {
        return Mono.defer(() -> {
            boolean waits = !terms.patience().isZero();
            // A stream in progress may be of an earlier epoch: only a look-up tells.
            if (waits && terms.live() == null && of(groups.getOrDefault(key, List.of()), terms.oldest()) != null) {
                return join(key, terms, null);
            }
            return flights.look(key, terms.lease(), terms.oldest(), null)
                    .flatMap(look -> look instanceof StoreLookup.Taken taken && waits
                            ? join(key, terms, taken.token())
                            : Mono.just(answer(key, look, CacheAnswer.Kind.EXACT)));
        });
    }

    private static @Nullable Group of(List<Group> all, @Nullable Duration oldest) {
        for (Group group : all) {
            if (Objects.equals(group.oldest, oldest)) {
                return group;
            }
        }
        return null;
    }

    private static CacheAnswer answer(CacheKey key, StoreLookup look, CacheAnswer.Kind fresh) {
        if (look instanceof StoreLookup.Found found) {
            CacheAnswer.Kind kind = found.stale() ? CacheAnswer.Kind.STALE : fresh;
            return new CacheAnswer.Hit(key, found.entry(), kind, found.ageMillis(), found.lead());
        }
        if (look instanceof StoreLookup.Missing missing) {
            return new CacheAnswer.Miss(key, missing.reason(), missing.lead());
        }
        return new CacheAnswer.Miss(
                key, look instanceof StoreLookup.Free ? Reason.UNCACHEABLE : Reason.IN_FLIGHT, null);
    }

    private static StoreLookup withoutLead(StoreLookup look) {
        return look instanceof StoreLookup.Found found
                ? new StoreLookup.Found(found.entry(), found.ageMillis(), found.stale(), null)
                : look;
    }

    private Mono<CacheAnswer> join(CacheKey key, LookupOptions terms, @Nullable String token) {
        CacheAnswer tired = new CacheAnswer.Miss(key, Reason.IN_FLIGHT, null);
        if (disposed || waiting.get() >= most) {
            return Mono.just(tired);
        }
        return Mono.<CacheAnswer>create(sink -> {
                    Waiter waiter = new Waiter(key, terms, sink, token);
                    queue(key, waiter);
                    waiter.watch(token);
                })
                .timeout(terms.patience(), Mono.just(tired));
    }

    private void queue(CacheKey key, Waiter waiter) {
        waiting.incrementAndGet();
        groups.compute(key, (name, there) -> {
            List<Group> all = there == null ? List.of() : there;
            Group group = of(all, waiter.terms.oldest());
            if (group != null) {
                group.add(waiter);
                return all;
            }
            Group first = new Group(key, waiter.terms.oldest());
            first.add(waiter);
            first.lookLater(LOOK_FIRST);
            return Stream.concat(all.stream(), Stream.of(first)).toList();
        });
    }

    private static @Nullable List<Group> without(List<Group> all, Group one) {
        List<Group> others = all.stream().filter(group -> group != one).toList();
        return others.isEmpty() ? null : others;
    }

    /** Delivers a computed response to all waiting callers on this node. */
    void landed(CacheKey key, CacheEntry entry) {
        tell(key, new CacheAnswer.Hit(key, entry, CacheAnswer.Kind.JOINED, 0, null));
    }

    /** Tells all waiting callers on this node that the response may not be kept. */
    void uncacheable(CacheKey key) {
        tell(key, new CacheAnswer.Miss(key, Reason.UNCACHEABLE, null));
    }

    /** Reports a failure to all waiting callers on this node: callers with another account try now, and no caller waits again. */
    void failed(CacheKey key, @Nullable ComputeFailure failure) {
        List<Group> all = groups.remove(key);
        if (all != null) {
            all.forEach(group -> group.takeAll().forEach(waiter -> waiter.fail(failure)));
        }
    }

    /** Whether a caller on this node waits. */
    boolean isAwaited(CacheKey key) {
        return groups.getOrDefault(key, List.of()).stream().anyMatch(group -> group.first() != null);
    }

    private void tell(CacheKey key, CacheAnswer answer) {
        List<Group> all = groups.remove(key);
        if (all != null) {
            all.forEach(group -> group.tellAll(answer));
        }
    }

    /** Number of waiting callers. */
    int waiting() {
        return waiting.get();
    }

    /** Ends all waits. */
    @Override
    public void dispose() {
        disposed = true;
        groups.keySet().forEach(key -> {
            groups.getOrDefault(key, List.of()).forEach(group -> group.looking.dispose());
            failed(key, null);
        });
    }

    private final class Waiter {

        private final CacheKey key;
        private final LookupOptions terms;
        private final MonoSink<CacheAnswer> sink;
        private final AtomicBoolean settled = new AtomicBoolean();
        private final LatestSubscription watching = new LatestSubscription();
        private volatile @Nullable String watched;
        private volatile @Nullable String awaited;

        /** @param awaited the flight that is waited for; null: the group's next look-up decides */
        Waiter(CacheKey key, LookupOptions terms, MonoSink<CacheAnswer> sink, @Nullable String awaited) {
            this.key = key;
            this.terms = terms;
            this.awaited = awaited;
            this.sink = sink.onDispose(this::left);
        }

        private void left() {
            settled.set(true);
            watching.dispose();
            waiting.decrementAndGet();
        }

        /** Whether it was still waiting. */
        boolean tell(CacheAnswer answer) {
            boolean first = settled.compareAndSet(false, true);
            if (first) {
                sink.success(answer);
            }
            return first;
        }

        void fail(@Nullable ComputeFailure failure) {
            boolean unused = tell(
                    failure != null && failure.account().equals(terms.account())
                            ? new CacheAnswer.Failed(key, failure)
                            : new CacheAnswer.Miss(key, Reason.IN_FLIGHT, null));
        }

        boolean awaits(String token) {
            return token.equals(awaited);
        }

        void await(@Nullable String token) {
            awaited = token == null ? awaited : token;
            watch(token);
        }

        boolean gone() {
            return settled.get();
        }

        /** Follows the stream of a flight once it is shown. If the stream is unknown, the next look-up tries again. */
        void watch(@Nullable String token) {
            String form = terms.live();
            if (form == null || token == null || token.equals(watched)) {
                return;
            }
            watched = token;
            watching.begin(() -> live.find(token, form)
                    .map(answer -> tell(new CacheAnswer.Live(key, answer.events())))
                    .subscribe(told -> {}, e -> {}, () -> watched = null));
        }
    }

    /** The callers that wait for one key, on one condition. A look-up in progress is never cancelled: it may have taken the flight. */
    private final class Group {

        private final CacheKey key;
        private final @Nullable Duration oldest;
        private final Deque<Waiter> waiters = new ArrayDeque<>();
        private final LatestSubscription looking = new LatestSubscription();
        private Duration pause = LOOK_FIRST;
        private @Nullable String awaited;

        Group(CacheKey key, @Nullable Duration oldest) {
            this.key = key;
            this.oldest = oldest;
        }

        synchronized void add(Waiter waiter) {
            waiters.add(waiter);
            awaited = waiter.awaited == null ? awaited : waiter.awaited;
        }

        void lookLater(Duration after) {
            looking.begin(() -> Mono.delay(after)
                    .then(Mono.defer(this::look))
                    .subscribe(look -> {}, e -> tell(key, new CacheAnswer.Miss(key, Reason.UNAVAILABLE, null))));
        }

        private Mono<StoreLookup> look() {
            Waiter first = first();
            String token = awaited();
            return first == null
                    ? Mono.fromRunnable(this::leave)
                    : flights.look(key, first.terms.lease(), oldest, token).doOnNext(look -> heard(look, token));
        }

        private synchronized @Nullable String awaited() {
            return awaited;
        }

        private synchronized void await(@Nullable String token) {
            awaited = token;
        }

        /** @param token of the awaited flight */
        private void heard(StoreLookup look, @Nullable String token) {
            if (look instanceof StoreLookup.Taken taken) {
                await(taken.token());
                waiters().forEach(waiter -> waiter.await(taken.token()));
                pause = min(pause.multipliedBy(2), LOOK_LATER);
                lookLater(min(pause, Duration.ofMillis(Math.max(1, taken.leaseMillis() + 1))));
            } else if (look instanceof StoreLookup.Failed failed && token != null) {
                fail(token, failed.failure());
            } else if (look instanceof StoreLookup.Missing missing && missing.lead() != null) {
                handOver(missing, missing.lead());
            } else {
                groups.computeIfPresent(key, (name, all) -> without(all, this));
                tellOneToRefresh(look);
                tellAll(answer(key, withoutLead(look), CacheAnswer.Kind.JOINED));
            }
        }

        /** Callers that came after the last look-up may have come after the flight's end: they look again. */
        private void fail(String token, @Nullable ComputeFailure failure) {
            List<Waiter> told;
            synchronized (this) {
                awaited = null;
                told = waiters.stream().filter(waiter -> waiter.awaits(token)).toList();
                waiters.removeAll(told);
            }
            told.forEach(waiter -> waiter.fail(failure));
            pause = LOOK_FIRST;
            lookLater(pause);
        }

        private void tellOneToRefresh(StoreLookup look) {
            if (look instanceof StoreLookup.Found found && found.lead() != null) {
                CacheAnswer answer = answer(key, look, CacheAnswer.Kind.JOINED);
                boolean unused = tellNext(answer);
            }
        }

        /** The computing caller is gone: the first waiting one takes over, the others continue to wait. */
        private void handOver(StoreLookup.Missing missing, ComputeLease lead) {
            if (!tellNext(answer(key, missing, CacheAnswer.Kind.JOINED))) {
                looking.begin(() -> flights.release(key, lead.token(), Flights.Ending.ABANDONED)
                        .subscribe(released -> leave()));
                return;
            }
            pause = LOOK_FIRST;
            lookLater(pause);
        }

        /** Ends the group if no caller waits, unless one has just come. */
        private void leave() {
            groups.computeIfPresent(
                    key, (name, all) -> all.contains(this) && first() == null ? without(all, this) : all);
            if (groups.getOrDefault(key, List.of()).contains(this)) {
                lookLater(LOOK_FIRST);
            }
        }

        private synchronized @Nullable Waiter first() {
            waiters.removeIf(Waiter::gone);
            return waiters.peek();
        }

        private synchronized List<Waiter> waiters() {
            waiters.removeIf(Waiter::gone);
            return List.copyOf(waiters);
        }

        /** Answers one caller that still waits, if there is any. */
        private boolean tellNext(CacheAnswer answer) {
            Waiter next;
            do {
                next = first();
                if (next == null) {
                    return false;
                }
            } while (!next.tell(answer));
            return true;
        }

        private synchronized List<Waiter> takeAll() {
            List<Waiter> all = List.copyOf(waiters);
            waiters.clear();
            return all;
        }

        private void tellAll(CacheAnswer answer) {
            for (Waiter waiter : takeAll()) {
                boolean unused = waiter.tell(answer);
            }
        }
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
