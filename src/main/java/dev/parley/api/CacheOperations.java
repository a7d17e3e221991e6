package dev.parley.api;

import static io.netty.handler.codec.http.HttpMethod.GET;
import static io.netty.handler.codec.http.HttpMethod.POST;
import static io.netty.handler.codec.http.HttpMethod.PUT;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Principal;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.llmcache.CacheKey;
import dev.parley.llmcache.CacheSettings;
import dev.parley.llmcache.Category;
import dev.parley.llmcache.InvalidationScope;
import dev.parley.llmcache.LlmCache;
import dev.parley.llmcache.LookupOptions;
import dev.parley.llmcache.ModelReply;
import dev.parley.llmcache.Question;
import dev.parley.llmcache.Reason;
import dev.parley.llmcache.StoreResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code /v1/cache}: agents look answers up before they ask a model, and put what it has answered. A tenant has its own. */
final class CacheOperations {

    private static final int MAX_HOURS = 7 * 24;
    private static final long MAX_COST = 1_000_000;
    private static final int MAX_SCOPES = 16;

    private static final Pattern ENTRY = Pattern.compile("[0-9a-f]{64}");

    private static final String SEED =
            "entries in the seed's form are not counted, since nothing tells whose they are or how old: each"
                    + " is dropped the next time that this gateway is asked for it, and the seed's own agents may see it until then";

    private final LlmCache cache;

    public CacheOperations(LlmCache cache) {
        this.cache = cache;
    }

    public List<Operation> operations() {
        return List.of(
                Operation.ofAgents("cache.lookup", POST, "/v1/cache/lookup", this::lookup),
                Operation.ofAgents("cache.put", PUT, "/v1/cache/entries", this::put),
                Operation.ofAgents("cache.abandon", POST, "/v1/cache/abandon", this::abandon),
                Operation.ofAgents("cache.explain", POST, "/v1/cache/explain", this::explain),
                Operation.ofAgents("cache.feedback", POST, "/v1/cache/feedback", this::feedback),
                Operation.ofAgents("cache.invalidate", POST, "/v1/cache/invalidate", this::invalidate),
                Operation.ofAgents("cache.stats", GET, "/v1/cache/stats", this::stats));
    }

    private Mono<Operation.Result> lookup(Principal who, RequestParameters params) {
        Duration wait = Duration.ofMillis(params.integer("wait_ms", 0, CacheSettings.MAX_LEASE.toMillis(), 0));
        Long lease = params.optionalInteger("lease_ms", 100, CacheSettings.MAX_LEASE.toMillis());
        Long oldest = params.optionalInteger("max_age", 0, CacheSettings.MAX_TTL.toSeconds());
        LookupOptions terms = new LookupOptions(
                wait,
                lease == null ? wait.isZero() ? Duration.ZERO : cache.lease() : Duration.ofMillis(lease),
                oldest == null ? null : Duration.ofSeconds(oldest),
                params.has("nearest") ? params.number("nearest", 0, 1) : 0,
                null);
        return cache.lookup(question(who, params), terms).map(answer -> Operation.Result.ok(CacheJson.answer(answer)));
    }

    private Mono<Operation.Result> put(Principal who, RequestParameters params) {
        return cache.putAndIndex(question(who, params), reply(params), params.optionalText("token"))
                .map(stored -> new Operation.Result(stored.reason() == null ? 201 : 200, stored(stored)));
    }

    private static byte[] stored(StoreResult stored) {
        ObjectNode json = CacheJson.key(stored.key()).put("stored", stored.reason() == null);
        Reason reason = stored.reason();
        return CacheJson.bytes(
                reason == null ? json.put("fresh_ms", stored.fresh().toMillis()) : json.put("reason", reason.wire()));
    }

    private Mono<Operation.Result> abandon(Principal who, RequestParameters params) {
        CacheKey key = cache.key(question(who, params));
        return cache.abandon(key, params.text("token"))
                .map(ours ->
                        Operation.Result.ok(CacheJson.bytes(CacheJson.key(key).put("abandoned", ours))));
    }

    private Mono<Operation.Result> explain(Principal who, RequestParameters params) {
        return cache.explain(question(who, params))
                .map(explanation -> Operation.Result.ok(CacheJson.explanation(explanation)));
    }

    /** An answer was wrong: this question is never given it again. */
    private Mono<Operation.Result> feedback(Principal who, RequestParameters params) {
        String entry = params.text("entry");
        if (!ENTRY.matcher(entry).matches()) {
            throw ParleyException.badRequest("entry must be the key of the entry that answered: 64 hexadecimal digits");
        }
        return cache.report(question(who, params), entry)
                .map(complaint -> Operation.Result.ok(CacheJson.complaint(complaint)));
    }

    private Mono<Operation.Result> invalidate(Principal who, RequestParameters params) {
        List<InvalidationScope> scopes = scopes(params);
        if (params.flag("dry_run", false)) {
            return Flux.fromIterable(scopes)
                    .concatMap(scope -> cache.count(who.tenant(), scope)
                            .map(count -> scope(scope).put("entries", count)))
                    .collectList()
                    .map(counts -> Operation.Result.ok(invalidated(who, false, counts)));
        }
        return cache.invalidate(who.tenant(), scopes)
                .then(Mono.fromSupplier(() -> Operation.Result.ok(invalidated(
                        who, true, scopes.stream().map(CacheOperations::scope).toList()))));
    }

    private byte[] invalidated(Principal who, boolean done, List<ObjectNode> scopes) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("invalidated", done);
        json.putArray("scopes").addAll(scopes);
        if (cache.sharesWithSeed(who.tenant()) && scopes.stream().anyMatch(CacheOperations::hasSeeds)) {
            json.put("seed", SEED);
        }
        return CacheJson.bytes(json);
    }

    /** The seed's entries have neither tags nor namespaces. */
    private static boolean hasSeeds(ObjectNode scope) {
        return scope.has("model") || scope.has("all");
    }

    private static ObjectNode scope(InvalidationScope scope) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        String kind = scope.kind().name().toLowerCase(Locale.ROOT);
        return scope.kind() == InvalidationScope.Kind.ALL ? json.put(kind, true) : json.put(kind, scope.name());
    }

    private static List<InvalidationScope> scopes(RequestParameters params) {
        List<InvalidationScope> scopes = new ArrayList<>();
        for (String tag : ids(params, "tags", MAX_SCOPES)) {
            scopes.add(new InvalidationScope(InvalidationScope.Kind.TAG, tag));
        }
        String tag = params.optionalId("tag");
        if (tag != null) {
            scopes.add(new InvalidationScope(InvalidationScope.Kind.TAG, tag));
        }
        String namespace = params.optionalId("namespace");
        if (namespace != null) {
            scopes.add(new InvalidationScope(InvalidationScope.Kind.NAMESPACE, namespace));
        }
        String model = params.optionalText("model");
        if (model != null) {
            scopes.add(new InvalidationScope(InvalidationScope.Kind.MODEL, model));
        }
        if (params.flag("all", false)) {
            scopes.add(new InvalidationScope(InvalidationScope.Kind.ALL, ""));
        }
        if (scopes.isEmpty()) {
            throw ParleyException.badRequest(
                    "tag, tags, model, namespace or all is missing: what is to be invalidated");
        }
        return scopes;
    }

    private Mono<Operation.Result> stats(Principal who, RequestParameters params) {
        int hours = (int) params.integer("hours", 1, MAX_HOURS, 24);
        return cache.stats(who.tenant(), hours).map(figures -> Operation.Result.ok(CacheJson.stats(figures)));
    }

    private static Question question(Principal who, RequestParameters params) {
        Set<Reason> waived = new HashSet<>();
        JsonNode allow = params.json("allow");
        if (allow != null) {
            for (JsonNode word : requireArray("allow", allow)) {
                if (!Reason.waivable().contains(word.asText())) {
                    throw ParleyException.badRequest("allow must be an array of "
                            + String.join(
                                    ", ", Reason.waivable().stream().sorted().toList()));
                }
                waived.add(Reason.of(word.asText()));
            }
        }
        return new Question(
                who.tenant(),
                params.optionalId("namespace"),
                params.object("request"),
                Category.of(params.word("category", Category.words(), Category.DEFAULT.wire())),
                waived);
    }

    private static ModelReply reply(RequestParameters params) {
        JsonNode response = params.json("response");
        if (response == null) {
            throw ParleyException.badRequest("response is missing: what the model has answered");
        }
        Long took = params.optionalInteger("took_ms", 0, Integer.MAX_VALUE);
        Long ttl = params.optionalInteger("ttl", 0, CacheSettings.MAX_TTL.toSeconds());
        return new ModelReply(
                response,
                (int) params.integer("status", 100, 599, 200),
                params.flag("truncated", false),
                params.optionalText("finish_reason"),
                params.optionalObject("usage"),
                params.has("cost") ? Math.round(params.number("cost", 0, MAX_COST) * 1e6) : 0,
                took == null ? null : Duration.ofMillis(took),
                ids(params, "tags", ModelReply.MAX_TAGS),
                ttl == null ? null : Duration.ofSeconds(ttl));
    }

    private static List<String> ids(RequestParameters params, String name, int most) {
        JsonNode given = params.json(name);
        if (given == null) {
            return List.of();
        }
        List<String> ids = new ArrayList<>();
        for (JsonNode id : requireArray(name, given)) {
            if (!Ids.valid(id.textValue())) {
                throw ParleyException.badRequest("each of " + name + " " + Ids.RULE);
            }
            ids.add(id.textValue());
        }
        if (ids.size() > most) {
            throw ParleyException.badRequest(name + " must be " + most + " at most");
        }
        return ids;
    }

    private static JsonNode requireArray(String name, @Nullable JsonNode given) {
        if (given == null || !given.isArray()) {
            throw ParleyException.badRequest(name + " must be an array");
        }
        return given;
    }
}
