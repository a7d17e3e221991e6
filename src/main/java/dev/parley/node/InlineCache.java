package dev.parley.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ParleyException;
import dev.parley.inbox.AnswerCache;
import dev.parley.llmcache.CacheAnswer;
import dev.parley.llmcache.CacheEntry;
import dev.parley.llmcache.Category;
import dev.parley.llmcache.LlmCache;
import dev.parley.llmcache.LookupOptions;
import dev.parley.llmcache.ModelReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Answers of agents in the LLM cache. An agent is the model {@code agent:<name>} in the namespace {@value #NAMESPACE}, and the request has
 * the person's message.
 */
final class InlineCache implements AnswerCache {

    static final String NAMESPACE = "agents";

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final Logger LOG = LoggerFactory.getLogger(InlineCache.class);

    private final LlmCache cache;
    private final Map<String, String> agents;

    /** @param agents default category per agent */
    InlineCache(LlmCache cache, Map<String, String> agents) {
        this.cache = cache;
        this.agents = Map.copyOf(agents);
    }

    @Override
    public void requireCategory(String category) {
        if (!Category.words().contains(category)) {
            throw ParleyException.badRequest("cache.category must be one of "
                    + String.join(", ", Category.words().stream().sorted().toList()));
        }
    }

    @Override
    public @Nullable String category(String agent, @Nullable String asked) {
        return asked == null ? agents.get(agent) : asked;
    }

    @Override
    public Mono<Known> find(Question question) {
        return cache.lookup(asked(question), LookupOptions.NOW)
                .flatMap(answer -> answer.lead() == null
                        ? Mono.just(answer)
                        // No caller refreshes it here: the agent answers again when the entry has expired.
                        : cache.abandon(answer.key(), answer.lead().token()).thenReturn(answer))
                .ofType(CacheAnswer.Hit.class)
                .mapNotNull(InlineCache::known)
                .onErrorResume(e -> {
                    LOG.debug("The cache could not be asked for an answer of {}: {}", question.agent(), e.getMessage());
                    return Mono.empty();
                });
    }

    private static @Nullable Known known(CacheAnswer.Hit hit) {
        String text =
                read(hit.entry()).at("/response/choices/0/message/content").textValue();
        return text == null
                ? null
                : new Known(text, hit.kind().name().toLowerCase(Locale.ROOT), hit.entryKey(), hit.ageMillis());
    }

    private static JsonNode read(CacheEntry entry) {
        try {
            return JSON.readTree(entry.json());
        } catch (IOException e) {
            throw new UncheckedIOException("an entry of the cache is no JSON", e);
        }
    }

    @Override
    public Mono<Void> keep(Question question, String answer) {
        return cache.put(asked(question), ModelReply.of(response(answer)), null)
                .doOnNext(stored -> LOG.debug(
                        "An answer of {} was put into the cache; rejected because: {}",
                        question.agent(),
                        stored.reason()))
                .onErrorResume(e -> {
                    LOG.debug("An answer of {} could not be cached: {}", question.agent(), e.getMessage());
                    return Mono.empty();
                })
                .then();
    }

    private static dev.parley.llmcache.Question asked(Question question) {
        ObjectNode request = JsonNodeFactory.instance.objectNode().put("model", "agent:" + question.agent());
        request.putArray("messages").addObject().put("role", "user").put("content", question.text());
        return new dev.parley.llmcache.Question(
                question.tenant(), NAMESPACE, request, Category.of(question.category()), Set.of());
    }

    private static ObjectNode response(String answer) {
        ObjectNode response = JsonNodeFactory.instance.objectNode();
        ObjectNode choice = response.putArray("choices").addObject();
        choice.putObject("message").put("role", "assistant").put("content", answer);
        choice.put("finish_reason", "stop");
        return response;
    }
}
