package dev.parley.app;

import dev.parley.event.Position;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.hub.Hub;
import dev.parley.log.Appended;
import dev.parley.log.QueueListener;
import dev.parley.outage.Queued;
import dev.parley.session.Deliveries;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * What becomes of published events, for the rest of the house: the hub knows what must be in the log, sockets are shown what is queued,
 * and messages of those go on to their inboxes.
 */
record Replays(Hub hub, Deliveries deliveries) implements QueueListener {

    private static final Logger LOG = LoggerFactory.getLogger(Replays.class);

    @Override
    public void queued(Queued event, @Nullable String behind) {
        hub.pending(event, behind);
    }

    @Override
    public void stored(String conversation, Position at) {
        hub.stored(conversation, at);
    }

    @Override
    public Mono<Void> placed(Queued event, Appended appended) {
        return deliveries
                .deliver(event.event(), appended)
                .onErrorResume(e -> {
                    if (e instanceof Refusal refusal && refusal.code() == ErrorCode.UNAVAILABLE) {
                        return Mono.error(e);
                    }
                    LOG.warn(
                            "A queued message in {} is in the log, but not in its inbox yet: the next join tries again",
                            event.event().conversation(),
                            e);
                    return Mono.empty();
                })
                .doOnSuccess(done -> hub.placed(event, appended.position()));
    }

    @Override
    public void refused(Queued event, Refusal refusal) {
        LOG.warn(
                "The queued event {} of {} was refused in the end: {}",
                event.event().eventId(),
                event.event().conversation(),
                refusal.getMessage());
        hub.refused(event);
    }
}
