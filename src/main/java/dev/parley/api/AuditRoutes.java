package dev.parley.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.audit.Audit;
import dev.parley.audit.AuditEntry;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.http.Exchange;
import dev.parley.http.Route;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code GET /v1/audit/export}: a whole trail as NDJSON, oldest first, streamed as fast as the client reads. */
final class AuditRoutes {

    private final RequestAuthenticator callers;
    private final Audit audit;
    private final AuditListener witness;

    public AuditRoutes(RequestAuthenticator callers, Audit audit, AuditListener witness) {
        this.callers = callers;
        this.audit = audit;
        this.witness = witness;
    }

    public List<Route> routes() {
        return List.of(Route.get("/v1/audit/export", this::export));
    }

    private Mono<Void> export(Exchange exchange) {
        Principal who = callers.caller(exchange, false);
        who.requireAnyOf(Set.of(Role.AGENT));
        String conversation = exchange.query("conversation");
        if (conversation != null && !Ids.valid(conversation)) {
            throw ParleyException.badRequest("conversation " + Ids.RULE);
        }
        Flux<byte[]> lines = audit.export(who, conversation)
                .map(AuditEntry::json)
                .map(line -> (line + "\n").getBytes(UTF_8))
                .doOnError(e -> {
                    if (conversation != null && ParleyException.is(e, ErrorCode.NOT_FOUND)) {
                        witness.refused(who, conversation, "audit.export");
                    }
                });
        // The first line decides whether there is an answer or a problem.
        return lines.switchOnFirst((first, all) -> {
                    if (first.isOnError()) {
                        return all.then();
                    }
                    exchange.response()
                            .header(HttpHeaderNames.CONTENT_TYPE, "application/x-ndjson")
                            .header(HttpHeaderNames.CACHE_CONTROL, "no-store");
                    return exchange.headOnly()
                            ? exchange.response().send()
                            : exchange.response().sendByteArray(all).then();
                })
                .then();
    }
}
