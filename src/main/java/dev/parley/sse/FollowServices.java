package dev.parley.sse;

import dev.parley.auth.AuditListener;
import dev.parley.auth.Authenticator;
import dev.parley.auth.Principal;
import dev.parley.http.ClientAddresses;
import dev.parley.hub.Delivery;
import dev.parley.ratelimit.EndpointLimiter;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * What following over HTTP is built on.
 *
 * @param connect counts each stream and each poll
 * @param witness hears of a conversation that was refused
 */
public record FollowServices(
        Authenticator authenticator,
        ClientAddresses addresses,
        EndpointLimiter connect,
        AuditListener witness,
        Conversations conversations) {

    /** The conversations of this node. */
    @FunctionalInterface
    public interface Conversations {

        /**
         * Follows a conversation, as {@link dev.parley.hub.Hub#follow} describes; one that only the record has is brought back first.
         *
         * @param since the last position that the client has, as it wrote it; null for none
         */
        Flux<Delivery> follow(Principal who, String conversation, @Nullable String since);
    }
}
