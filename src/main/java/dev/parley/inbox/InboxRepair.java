package dev.parley.inbox;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Finishes messages that a join found half-way, a few at a time. What does not fit is found again by the next join. */
public final class InboxRepair implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(InboxRepair.class);

    private static final int WAITING = 1_024;

    private final Sinks.Many<String> conversations;
    private final Disposable healing;

    public InboxRepair(InboxDelivery deliveries, int atOnce) {
        conversations = Sinks.many().multicast().onBackpressureBuffer(WAITING, false);
        healing = conversations
                .asFlux()
                .flatMap(
                        conversation -> deliveries.heal(conversation).onErrorResume(e -> {
                            LOG.debug("A message in {} is still half-way: {}", conversation, e.getMessage());
                            return Mono.empty();
                        }),
                        atOnce)
                .subscribe();
    }

    public void add(String conversation) {
        synchronized (conversations) {
            Sinks.EmitResult result = conversations.tryEmitNext(conversation);
            if (result.isFailure()) {
                LOG.debug("{} is healed at the next join: {}", conversation, result);
            }
        }
    }

    @Override
    public void dispose() {
        healing.dispose();
    }
}
