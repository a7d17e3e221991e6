package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Principal;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.http.Exchange;
import dev.parley.llmcache.Category;
import dev.parley.llmcache.ModelReply;
import dev.parley.llmcache.Question;
import dev.parley.support.MemoryBudget;
import dev.parley.support.Sha256;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One caller's request.
 *
 * @param body as received, and as the upstream receives it
 * @param question for the cache; null: none
 * @param tags for storing the response
 * @param headers for the upstream
 * @param account the caller's at the upstream: a digest of credentials
 * @param callerRetries whether the caller retries by itself
 * @param memory the budget of the body
 */
record ProxyRequest(
        ProxiedApi api,
        byte[] body,
        ObjectNode request,
        @Nullable Question question,
        CacheControl control,
        List<String> tags,
        HttpHeaders headers,
        String account,
        boolean callerRetries,
        MemoryBudget.Share memory) {

    static final String CATEGORY = "X-Parley-Cache-Category";
    static final String NAMESPACE = "X-Parley-Cache-Namespace";
    static final String TAGS = "X-Parley-Cache-Tags";

    /** Headers on which the upstream's permissions depend. */
    private static final List<String> ACCOUNT =
            List.of("authorization", "openai-organization", "openai-project", "openai-beta");

    private static final List<String> PASSED =
            List.of("accept", "user-agent", "idempotency-key", "openai-organization", "openai-project", "openai-beta");

    /** OpenAI's SDKs count their own tries here, from 0 on. */
    /** A request is held as bytes, and as the tree read from them. */
    static final long HELD = 2;

    private static final String RETRY_COUNT = "x-stainless-retry-count";

    /**
     * @param authorization the header for the upstream; null for none
     * @throws ParleyException {@code bad_request} when the body or a header is invalid
     */
    static ProxyRequest of(
            ProxiedApi api,
            Principal who,
            Exchange exchange,
            byte[] body,
            @Nullable String authorization,
            MemoryBudget.Share memory) {
        ObjectNode request = Json.request(body);
        Category category = category(api, exchange.header(CATEGORY));
        String namespace = exchange.header(NAMESPACE);
        if (namespace != null && !Ids.valid(namespace)) {
            throw ParleyException.badRequest(NAMESPACE + " " + Ids.RULE);
        }
        Question whole = new Question(who.tenant(), namespace, request, category, Set.of());
        ObjectNode asked = api.question(request);
        HttpHeaders headers = passed(exchange, authorization);
        return new ProxyRequest(
                api,
                body,
                request,
                asked == null ? null : new Question(whole.tenant(), namespace, asked, category, Set.of()),
                CacheControl.of(exchange.request().requestHeaders().getAll(HttpHeaderNames.CACHE_CONTROL)),
                tags(exchange.header(TAGS)),
                headers,
                account(headers),
                exchange.header(RETRY_COUNT) != null,
                memory);
    }

    private static String account(HttpHeaders headers) {
        return Sha256.hex(ACCOUNT.stream()
                .map(name -> name + ": " + headers.get(name, ""))
                .collect(Collectors.joining("\n")));
    }

    private static Category category(ProxiedApi api, @Nullable String word) {
        if (word == null) {
            return api.category();
        }
        String lower = word.strip().toLowerCase(Locale.ROOT);
        if (!Category.words().contains(lower)) {
            throw ParleyException.badRequest(CATEGORY + " must be one of "
                    + String.join(", ", Category.words().stream().sorted().toList()));
        }
        return Category.of(lower);
    }

    private static List<String> tags(@Nullable String header) {
        List<String> tags = Stream.of(Objects.requireNonNullElse(header, "").split(","))
                .map(String::strip)
                .filter(tag -> !tag.isEmpty())
                .toList();
        if (tags.size() > ModelReply.MAX_TAGS || !tags.stream().allMatch(Ids::valid)) {
            throw ParleyException.badRequest(TAGS + " must be " + ModelReply.MAX_TAGS
                    + " ids at most, with commas between them; each " + Ids.RULE);
        }
        return tags;
    }

    private static HttpHeaders passed(Exchange exchange, @Nullable String authorization) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (String name : PASSED) {
            String value = exchange.header(name);
            if (value != null) {
                headers.set(name, value);
            }
        }
        if (authorization != null) {
            headers.set(HttpHeaderNames.AUTHORIZATION, authorization);
        }
        return headers;
    }

    String model() {
        return request.path("model").asText();
    }

    boolean streams() {
        return api == ProxiedApi.CHAT
                && request.path("stream").isBoolean()
                && request.path("stream").booleanValue();
    }

    /**
     * The form of a stream: streams of one form are the same to the byte, and may be followed. Null: it is not a stream, or others may have
     * only its end.
     */
    @Nullable
    String form() {
        if (!streams() || offers("tools", "tool_choice") || offers("functions", "function_call")) {
            return null;
        }
        JsonNode options = request.path("stream_options");
        return options.isEmpty() ? "plain" : Sha256.hex(options.toString());
    }

    /** Whether the response may call a tool, which each caller must decide for itself; such a response may begin as any other. */
    private boolean offers(String calls, String choice) {
        return !request.path(calls).isEmpty() && !request.path(choice).asText().equals("none");
    }

    boolean wantsUsage() {
        return streams() && request.path("stream_options").path("include_usage").asBoolean();
    }

    /** The reason why the cache is not asked; null: it is. */
    @Nullable
    String bypass() {
        if (question == null) {
            return "input";
        }
        return control.noStore() ? "no_store" : control.noCache() ? "no_cache" : null;
    }

    /** Whether the response is offered to the cache. */
    boolean stores() {
        return question != null && !control.noStore();
    }

    /** Whether a cached response, which any agent may have stored in any form, answers this request. */
    boolean isAnsweredBy(JsonNode response) {
        return api.isWhole(request, response)
                && (!wantsUsage() || response.path("usage").isObject());
    }

    /** The same request without a stream. */
    ProxyRequest whole() {
        ObjectNode unstreamed = request.deepCopy();
        unstreamed.remove(List.of("stream", "stream_options"));
        HttpHeaders plain = headers.copy().remove(HttpHeaderNames.ACCEPT);
        return new ProxyRequest(
                api, Json.bytes(unstreamed), unstreamed, question, control, tags, plain, account, false, memory);
    }
}
