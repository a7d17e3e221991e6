package dev.parley.node;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.hub.Hub;
import dev.parley.inbox.InboxDelivery;
import dev.parley.publish.QueueListener;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.StoredEvent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Forwards the outcomes of published events: the hub learns what must be in the log, sockets are shown queued events, and queued messages
 * are delivered to their inboxes.
 */
record PublishEvents(Hub hub, InboxDelivery deliveries) implements QueueListener {

    private static final Logger LOG = LoggerFactory.getLogger(PublishEvents.class);

    @Override
    public void queued(QueuedEvent event, @Nullable String behind) {
        hub.pending(event, behind);
    }

    @Override
    public void stored(String conversation, Position at) {
        hub.stored(conversation, at);
    }

    @Override
    public Mono<Void> placed(QueuedEvent event, StoredEvent appended) {
        return deliveries
                .deliver(event.event(), appended)
                .onErrorResume(e -> {
                    if (e instanceof ParleyException refusal && refusal.code() == ErrorCode.UNAVAILABLE) {
                        return Mono.error(e);
                    }
                    LOG.warn(
                            "A queued message of {} is in the log, but not in its inbox yet: the next join tries again",
                            event.event().conversation(),
                            e);
                    return Mono.empty();
                })
                .doOnSuccess(done -> hub.placed(event, appended.position()));
    }

    @Override
    public void refused(QueuedEvent event, ParleyException refusal) {
        LOG.warn(
                "The log rejected the queued event {} of {}: {}",
                event.event().eventId(),
                event.event().conversation(),
                refusal.getMessage());
        hub.refused(event);
    }
}
