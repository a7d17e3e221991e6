package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.llmcache.semantic.Candidate;
import dev.parley.llmcache.semantic.Found;
import dev.parley.llmcache.semantic.Partition;
import dev.parley.llmcache.semantic.Reported;
import dev.parley.llmcache.semantic.Semantic;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Finds responses to the same question in other words, in the categories that permit it. Only the user's last message may differ. Content
 * that is not text, and entries in the original Python format, are excluded. Cold; nothing here fails except {@link #report}.
 */
final class SemanticLookup {

    /** Reasons for which an entry is gone for good. */
    private static final Set<Reason> GONE = Set.of(Reason.ABSENT, Reason.INVALIDATED);

    private final Semantic semantic;
    private final EntryStore store;
    private final Set<Category> categories;

    SemanticLookup(Semantic semantic, EntryStore store, Set<Category> categories) {
        this.semantic = semantic;
        this.store = store;
        this.categories = Set.copyOf(categories);
    }

    /** The text to compare, and the partition to search. */
    private record Asked(Partition partition, String text, String category) {}

    /** Whether another question's response may answer this one. Cheap. */
    boolean mayAnswer(Question question, CacheKey key) {
        JsonNode last = last(question);
        return !key.seed()
                && categories.contains(question.category())
                && last.path("role").asText().equals("user")
                && last.path("content").isTextual();
    }

    private static JsonNode last(Question question) {
        JsonNode messages = question.request().path("messages");
        return messages.path(messages.size() - 1);
    }

    /** Null if no other question's response may answer it. */
    private @Nullable Asked asked(Question question, CacheKey key) {
        if (!mayAnswer(question, key)) {
            return null;
        }
        ObjectNode rest = question.request().deepCopy();
        ((ObjectNode) ((ArrayNode) rest.get("messages"))
                        .get(rest.get("messages").size() - 1))
                .put("content", "");
        Question others =
                new Question(question.tenant(), question.namespace(), rest, question.category(), question.waived());
        String context = CacheKey.of(others, null).hash() + question.category().wire();
        String namespace = question.namespace() == null ? "" : question.namespace();
        return new Asked(
                new Partition(question.tenant(), namespace, question.model(), context, semantic.embedder()),
                last(question).path("content").asText(),
                question.category().wire());
    }

    /** Empty if there is none. */
    Mono<CacheAnswer> look(Question question, CacheKey key, LookupOptions terms) {
        return Mono.defer(() -> {
            Asked asked = asked(question, key);
            return asked == null
                    ? Mono.empty()
                    : semantic.find(asked.partition, asked.text, terms.nearest(), asked.category)
                            .mapNotNull(Found::hit)
                            .flatMap(hit -> read(question, key, asked, hit, terms));
        });
    }

    /** Reads another question's entry. This caller does not refresh it, and may accept a lower age than others. */
    private Mono<CacheAnswer> read(Question question, CacheKey key, Asked asked, Candidate hit, LookupOptions terms) {
        CacheKey other = new CacheKey(key.tenant(), hit.entryKey(), null);
        return store.peek(other, terms.oldest())
                .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                .flatMap(look -> {
                    if (look instanceof StoreLookup.Found found) {
                        return Policy.allows(question, found.entry())
                                ? Mono.<CacheAnswer>just(new CacheAnswer.Hit(
                                        key, found.entry(), CacheAnswer.Kind.SEMANTIC, found.ageMillis(), null, hit))
                                : Mono.empty();
                    }
                    return look instanceof StoreLookup.Missing missing && GONE.contains(missing.reason())
                            ? semantic.forget(asked.partition, hit.question()).then(Mono.<CacheAnswer>empty())
                            : Mono.empty();
                })
                .onErrorResume(e -> Mono.empty());
    }

    /** Makes a stored response available to other questions. */
    Mono<Void> remember(Question question, CacheKey key, Duration fresh) {
        return Mono.defer(() -> {
            Asked asked = asked(question, key);
            return asked == null
                    ? Mono.empty()
                    : semantic.remember(asked.partition, asked.text, key.hash(), fresh)
                            .then();
        });
    }

    /** Null if no other question's response may answer it. */
    Mono<Found> explain(Question question, CacheKey key) {
        return Mono.defer(() -> {
            Asked asked = asked(question, key);
            return asked == null ? Mono.empty() : semantic.explain(asked.partition, asked.text, 0, asked.category);
        });
    }

    /**
     * Reports that an entry's answer was wrong for a question. Empty if no other question's response may answer it; fails with {@code
     * unavailable}.
     */
    Mono<Reported> report(Question question, CacheKey key, String entry) {
        return Mono.defer(() -> {
            Asked asked = asked(question, key);
            return asked == null ? Mono.empty() : semantic.feedback(asked.partition, asked.text, entry, asked.category);
        });
    }
}
