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
 * Answers to the same question in other words, for the categories in which that is allowed. Only the last thing that the user says may differ;
 * content that is no text, and the seed's own entries, are left alone. Cold; but for {@link #report} nothing here fails.
 */
final class SemanticLookup {

    /** Where nobody will find an entry any more. */
    private static final Set<Reason> GONE = Set.of(Reason.ABSENT, Reason.INVALIDATED);

    private final Semantic semantic;
    private final EntryStore store;
    private final Set<Category> categories;

    SemanticLookup(Semantic semantic, EntryStore store, Set<Category> categories) {
        this.semantic = semantic;
        this.store = store;
        this.categories = Set.copyOf(categories);
    }

    /** What is asked, and where its like is to be found. */
    private record Asked(Partition partition, String text, String category) {}

    /** Whether an answer to another question may answer this one. Cheap. */
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

    /** Null when nothing else may answer it. */
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

    /** Empty when there is none. */
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

    /** The entry is another question's: who asks this one does not refresh it, and may want it younger than others do. */
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

    /** Lets others find an answer that has just been stored. */
    Mono<Void> remember(Question question, CacheKey key, Duration fresh) {
        return Mono.defer(() -> {
            Asked asked = asked(question, key);
            return asked == null
                    ? Mono.empty()
                    : semantic.remember(asked.partition, asked.text, key.hash(), fresh)
                            .then();
        });
    }

    /** Null where nothing else may answer the question. */
    Mono<Found> explain(Question question, CacheKey key) {
        return Mono.defer(() -> {
            Asked asked = asked(question, key);
            return asked == null ? Mono.empty() : semantic.explain(asked.partition, asked.text, 0, asked.category);
        });
    }

    /** An entry's answer was wrong for a question. Empty where nothing else may answer it; fails with {@code unavailable}. */
    Mono<Reported> report(Question question, CacheKey key, String entry) {
        return Mono.defer(() -> {
            Asked asked = asked(question, key);
            return asked == null ? Mono.empty() : semantic.feedback(asked.partition, asked.text, entry, asked.category);
        });
    }
}
