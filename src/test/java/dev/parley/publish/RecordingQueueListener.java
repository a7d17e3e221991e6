package dev.parley.publish;

import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Writes down what it is told of events in the append queue, by their ids. */
public final class RecordingQueueListener implements QueueListener {

    public final List<String> calls = new ArrayList<>();
    /** What is done with an event that was queued and is in its log now. */
    public Function<QueuedEvent, Mono<Void>> placing = event -> Mono.empty();

    @Override
    public void queued(QueuedEvent event, @Nullable String behind) {
        calls.add("queued " + event.event().eventId() + (behind == null ? "" : " behind " + behind));
    }

    @Override
    public void stored(String conversation, Position at) {
        calls.add("stored in " + conversation + " at " + at);
    }

    @Override
    public Mono<Void> placed(QueuedEvent event, StoredEvent appended) {
        calls.add("placed " + event.event().eventId() + (appended.duplicate() ? ", which was there" : ""));
        return placing.apply(event);
    }

    @Override
    public void refused(QueuedEvent event, ParleyException refusal) {
        calls.add("refused " + event.event().eventId() + ": " + refusal.code().wire());
    }
}
