package dev.parley.hub;

import dev.parley.store.EventStore;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Ends runs whose agents have died, in the conversations hosted here. Checks conversations periodically, and earlier those with a run whose
 * lease ends sooner. All nodes do so; the log ends each run once.
 */
final class RunReaperSchedule implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(RunReaperSchedule.class);

    private static final int AT_ONCE = 64;

    private final EventStore log;
    private final Duration interval;
    private final Predicate<String> isHosted;
    /** Conversations with a timer for an earlier check. */
    private final Set<String> planned = ConcurrentHashMap.newKeySet();

    private final Disposable.Composite timers = Disposables.composite();

    RunReaperSchedule(EventStore log, Duration interval, Predicate<String> isHosted) {
        this.log = log;
        this.interval = interval;
        this.isHosted = isHosted;
    }

    /** Ends the lost runs of these conversations, which have runs in their logs. */
    Mono<Void> look(Collection<String> conversations) {
        return Flux.fromIterable(conversations).flatMap(this::look, AT_ONCE).then();
    }

    private Mono<Void> look(String conversation) {
        return log.endLostRuns(conversation)
                .filter(left -> left.compareTo(interval) < 0)
                .doOnNext(left -> plan(conversation, left))
                .then()
                .onErrorResume(e -> {
                    LOG.debug("The runs of {} could not be checked: {}", conversation, e.getMessage());
                    return Mono.empty();
                });
    }

    private void plan(String conversation, Duration delay) {
        if (!planned.add(conversation)) {
            return;
        }
        Disposable.Swap timer = Disposables.swap();
        boolean open = timers.add(timer);
        if (open) {
            timer.update(Mono.delay(delay)
                    .flatMap(now -> {
                        planned.remove(conversation);
                        return isHosted.test(conversation) ? look(conversation) : Mono.<Void>empty();
                    })
                    .doFinally(end -> timers.remove(timer))
                    .subscribe());
        }
    }

    @Override
    public void dispose() {
        timers.dispose();
    }
}
