package dev.parley.session;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The conversations in which a tenant's agents may publish, as far as this node has asked: it asks before the first event only.
 * Thread-safe. Beyond {@link #MOST} entries all are forgotten, and asked for again.
 */
final class AdmissionCache {

    private static final int MOST = 65_536;

    private final Map<String, Claim> claims = new ConcurrentHashMap<>();
    private final long ttlNanos;

    /** @param ttl time after which another tenant's conversation may have come and left Redis unnoticed */
    AdmissionCache(Duration ttl) {
        this.ttlNanos = ttl.toNanos();
    }

    /** A question that concurrent callers share; settled when it is answered. */
    private final class Claim {
        private final String tenant;
        private final Mono<Void> question;
        private final long until = System.nanoTime() + ttlNanos;
        private volatile boolean settled;

        private Claim(String conversation, String tenant, Mono<Boolean> question) {
            this.tenant = tenant;
            this.question = question.doOnNext(holds -> settled = holds)
                    .doOnTerminate(() -> {
                        if (!settled) {
                            claims.remove(conversation, this);
                        }
                    })
                    .then()
                    .cache();
        }

        private boolean holds(String other) {
            return tenant.equals(other) && System.nanoTime() - until < 0;
        }
    }

    boolean settled(String conversation, String tenant) {
        Claim claim = claims.get(conversation);
        return claim != null && claim.settled && claim.holds(tenant);
    }

    /** @param question whether the answer holds for a while; asked once for all concurrent callers, who share an error */
    Mono<Void> settle(String conversation, String tenant, Mono<Boolean> question) {
        return Mono.defer(() -> {
            if (claims.size() >= MOST) {
                claims.clear();
            }
            return claims.compute(conversation, (name, before) -> orNew(name, tenant, question, before)).question;
        });
    }

    private Claim orNew(String conversation, String tenant, Mono<Boolean> question, @Nullable Claim before) {
        return before != null && before.holds(tenant) ? before : new Claim(conversation, tenant, question);
    }
}
