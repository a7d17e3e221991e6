package dev.parley.support;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * Calls of one method of a fake. Each subscription is a call; it is recorded, and waits until the test answers it, or is answered
 * immediately where the test has said how. Thread-safe.
 *
 * @param <Q> arguments of a call
 * @param <A> what it emits
 */
public final class ScriptedCalls<Q, A> {

    /** One call, which the test answers once. An answer to a call that was cancelled reaches nobody. */
    public static final class Call<Q, A> {
        private final Q request;
        private final Sinks.Many<A> answer = Sinks.many().unicast().onBackpressureBuffer();
        private volatile boolean answered;
        private volatile boolean cancelled;

        private Call(Q request) {
            this.request = request;
        }

        public Q request() {
            return request;
        }

        /** Whether the caller left before there was an answer. */
        public boolean isCancelled() {
            return cancelled;
        }

        /** Emits this and completes. */
        public void answer(A value) {
            answered = true;
            emit(answer.tryEmitNext(value));
            complete();
        }

        /** Completes, empty unless {@link #answer answered} before. */
        public void complete() {
            answered = true;
            emit(answer.tryEmitComplete());
        }

        public void fail(Throwable error) {
            answered = true;
            emit(answer.tryEmitError(error));
        }

        private static void emit(Sinks.EmitResult result) {
            if (result != Sinks.EmitResult.FAIL_CANCELLED) {
                result.orThrow();
            }
        }
    }

    private final String name;
    private final List<Q> requests = new ArrayList<>();
    private final Deque<Call<Q, A>> waiting = new ArrayDeque<>();
    private @Nullable Function<Q, ? extends Publisher<A>> automatic;

    /** @param name of the method, for what a failed test says */
    public ScriptedCalls(String name) {
        this.name = name;
    }

    /** A call as the fake returns it: cold, made by each subscription. */
    public Flux<A> call(Q request) {
        return Flux.defer(() -> begin(request));
    }

    private synchronized Publisher<A> begin(Q request) {
        requests.add(request);
        if (automatic != null) {
            return automatic.apply(request);
        }
        Call<Q, A> call = new Call<>(request);
        waiting.add(call);
        return call.answer.asFlux().doOnCancel(() -> cancel(call));
    }

    private synchronized void cancel(Call<Q, A> call) {
        call.cancelled = !call.answered;
        waiting.remove(call);
    }

    /** Answers each call from now on when it is made; those that wait already still have to be answered. */
    public synchronized void answerEach(Function<Q, ? extends Publisher<A>> answer) {
        automatic = answer;
    }

    /** Calls from now on wait for the test again. */
    public synchronized void answerByHand() {
        automatic = null;
    }

    /** The oldest call that waits, to be answered now or later; fails the test when there is none. */
    public synchronized Call<Q, A> next() {
        Call<Q, A> call = waiting.poll();
        if (call == null) {
            throw new AssertionError("no call of " + name + " waits; calls so far: " + requests);
        }
        return call;
    }

    /** Calls that were neither taken by {@link #next} nor cancelled. */
    public synchronized int waiting() {
        return waiting.size();
    }

    /** Arguments of all calls so far, in their order. */
    public synchronized List<Q> requests() {
        return List.copyOf(requests);
    }
}
