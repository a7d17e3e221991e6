package dev.parley.demo;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The answer to one message: a run per turn, a hand-off between them. */
final class Answer {

    private final InboxEntry letter;
    private final EventStream events;
    private final TypingDelay pace;
    private final Set<String> runs = ConcurrentHashMap.newKeySet();
    private final Sinks.Empty<Void> stop = Sinks.empty();
    private volatile boolean stopped;

    Answer(InboxEntry letter, EventStream events, TypingDelay pace) {
        this.letter = letter;
        this.events = events;
        this.pace = pace;
    }

    InboxEntry letter() {
        return letter;
    }

    /** @param run one of its runs, also one that has ended; null for the present one */
    boolean isMeantBy(@Nullable String run) {
        return run == null || runs.contains(run);
    }

    /** Stops the answer; what was published stays. Calling it twice is harmless. */
    void cancel() {
        stopped = true;
        var unused = stop.tryEmitEmpty();
    }

    /** Plays one turn after the other; completes when Redis has all of it. */
    Mono<Void> play(List<Turn> turns) {
        return Flux.range(0, turns.size())
                .takeWhile(i -> !stopped)
                .concatMap(
                        i -> play(
                                turns.get(i),
                                i + 1 < turns.size() ? turns.get(i + 1).agent() : null),
                        0)
                .then();
    }

    private Mono<Void> play(Turn turn, @Nullable String next) {
        Run run = new Run(letter.conversation(), turn.agent(), events);
        runs.add(run.id());
        return Flux.fromIterable(turn.lines(next))
                .concatMap(line -> Mono.delay(pace.pause(line.beats())).thenReturn(line), 0)
                .takeUntilOther(stop.asMono())
                // After the cancel check: an event on its way to Redis when the answer is stopped arrives before its
                // end does.
                .concatMap(line -> run.publish(line.event(), line.fields()), 0)
                .then(Mono.defer(() -> stopped ? run.fail("cancelled") : run.complete()));
    }
}
