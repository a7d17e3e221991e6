package dev.parley.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.audit.AppendResult;
import dev.parley.audit.Audit;
import dev.parley.audit.AuditEntry;
import dev.parley.audit.AuditPage;
import dev.parley.audit.AuditQuery;
import dev.parley.audit.ChainVerification;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The audit trail: {@code audit.append}, {@code audit.read}, {@code audit.verify}. Where no conversation is named, the tenant's own. */
final class AuditOperations {

    private static final int MAX_DETAILS = 32 * 1024;
    private static final int MAX_LIMIT = 500;
    private static final int LIMIT = 50;

    private final Audit audit;
    private final AuditListener witness;

    public AuditOperations(Audit audit, AuditListener witness) {
        this.audit = audit;
        this.witness = witness;
    }

    public List<Operation> operations() {
        return List.of(
                Operation.ofAgents("audit.append", HttpMethod.POST, "/v1/audit", this::append),
                Operation.ofAgents("audit.read", HttpMethod.GET, "/v1/audit", this::read),
                Operation.ofAgents("audit.verify", HttpMethod.GET, "/v1/audit/verify", this::verify));
    }

    private Mono<Operation.Result> append(Principal who, RequestParameters params) {
        String conversation = params.id("conversation");
        String agent = Objects.requireNonNullElse(params.optionalId("agent"), who.subject());
        ObjectNode details = params.optionalObject("details");
        String json = details == null ? "{}" : details.toString();
        if (json.getBytes(UTF_8).length > MAX_DETAILS) {
            throw ParleyException.of(ErrorCode.TOO_LARGE, "details are too large: at most " + MAX_DETAILS + " bytes");
        }
        String id = Objects.requireNonNullElseGet(params.optionalId("idempotency_key"), Ids::random);
        return audit.append(who, conversation, agent, params.id("action"), json, id)
                .doOnError(denied(who, conversation, "audit.append"))
                .map(added -> added(id, added));
    }

    private static Operation.Result added(String id, AppendResult added) {
        String start = "{\"id\":\"" + id + "\",\"seq\":" + added.seq() + ",\"duplicate\":" + added.duplicate();
        AuditEntry entry = added.entry();
        return entry == null
                ? Operation.Result.ok(bytes(start + "}"))
                : Operation.Result.created(
                        bytes(start + ",\"timestamp\":\"" + entry.timestamp() + "\",\"mac\":\"" + entry.mac() + "\"}"));
    }

    private Mono<Operation.Result> read(Principal who, RequestParameters params) {
        String conversation = params.optionalId("conversation");
        AuditQuery query = new AuditQuery(
                params.integer("after", 0, Long.MAX_VALUE, 0),
                params.optionalInteger("before", 1, Long.MAX_VALUE),
                (int) params.integer("limit", 1, MAX_LIMIT, LIMIT),
                params.word("order", Set.of("newest", "oldest"), "newest").equals("newest"));
        return audit.read(who, conversation, query)
                .doOnError(denied(who, conversation, "audit.read"))
                .map(page -> Operation.Result.ok(bytes(page(page))));
    }

    private static String page(AuditPage page) {
        List<AuditEntry> entries = page.entries();
        String next =
                page.full() ? Long.toString(entries.get(entries.size() - 1).seq()) : "null";
        return "{\"entries\":" + entries.stream().map(AuditEntry::json).collect(joining(",", "[", "]")) + ",\"next\":"
                + next + ",\"source\":\"" + (page.archived() ? "archive" : "live") + "\"}";
    }

    private Mono<Operation.Result> verify(Principal who, RequestParameters params) {
        String conversation = params.optionalId("conversation");
        return audit.verify(who, conversation)
                .doOnError(denied(who, conversation, "audit.verify"))
                .map(verdict -> Operation.Result.ok(bytes(verdict(verdict))));
    }

    private static String verdict(ChainVerification verdict) {
        ChainVerification.Broken broken = verdict.broken();
        return "{\"valid\":" + (broken == null) + ",\"entries\":" + verdict.entries() + ",\"first\":" + verdict.first()
                + ",\"last\":" + verdict.last() + ",\"keyed\":" + verdict.keyed()
                + (broken == null
                        ? "}"
                        : ",\"broken\":{\"seq\":" + broken.seq() + ",\"reason\":\""
                                + broken.reason().name().toLowerCase(Locale.ROOT) + "\"}}");
    }

    private Consumer<Throwable> denied(Principal who, @Nullable String conversation, String what) {
        return e -> {
            if (conversation != null && ParleyException.is(e, ErrorCode.NOT_FOUND)) {
                witness.refused(who, conversation, what);
            }
        };
    }

    private static byte[] bytes(String json) {
        return json.getBytes(UTF_8);
    }
}
