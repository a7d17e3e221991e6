package dev.parley.node;

import dev.parley.publish.Publisher;
import dev.parley.resilience.QueuedEvent;
import dev.parley.resilience.SpillFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Carries queued events of a stopping node to its next start. */
final class SpillRecovery {

    private static final Logger LOG = LoggerFactory.getLogger(SpillRecovery.class);

    private final SpillFile file;

    SpillRecovery(SpillFile file) {
        this.file = file;
    }

    /** Reads the events; blocks. Fails if the file can't be read, because accepted events must not be skipped. */
    List<QueuedEvent> read() {
        try {
            List<QueuedEvent> events = file.read();
            if (!events.isEmpty()) {
                LOG.info("{} queued events of an earlier process are appended from {}", events.size(), file.path());
            }
            return events;
        } catch (IOException e) {
            throw new UncheckedIOException("queued events of an earlier run can't be read from " + file.path(), e);
        }
    }

    /** Deletes the file once its events are in the logs. */
    Mono<Void> deleteWhen(Mono<Void> appended) {
        return appended.then(onDisk(file::delete))
                .doOnError(e ->
                        LOG.error("The events in {} are in their logs, but the file can't be deleted", file.path(), e))
                .onErrorComplete();
    }

    /** Writes the events that still wait, and notifies their publishers. Emits whether nothing is lost. */
    Mono<Boolean> write(Publisher.Rest rest) {
        List<QueuedEvent> events = rest.events();
        return onDisk(() -> file.write(events))
                .thenReturn(true)
                .doOnNext(kept -> {
                    rest.kept();
                    if (!events.isEmpty()) {
                        LOG.warn("{} queued events wait in {} for the next start", events.size(), file.path());
                    }
                })
                .onErrorResume(e -> {
                    rest.lost();
                    LOG.error("{} queued events ARE LOST: {} could not be written", events.size(), file.path(), e);
                    return Mono.just(events.isEmpty());
                });
    }

    private interface Work {
        void run() throws IOException;
    }

    private static Mono<Void> onDisk(Work work) {
        return Mono.<Void>fromCallable(() -> {
                    work.run();
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic());
    }
}
