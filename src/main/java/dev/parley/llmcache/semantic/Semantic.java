package dev.parley.llmcache.semantic;

import dev.parley.error.ParleyException;
import dev.parley.llmcache.semantic.Found.Reason;
import dev.parley.llmcache.semantic.embedding.CachedEmbedder;
import dev.parley.llmcache.semantic.embedding.Embedder;
import dev.parley.llmcache.semantic.guard.Guards;
import dev.parley.llmcache.semantic.guard.Question;
import dev.parley.llmcache.text.HiddenText;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Finds answers to rephrased questions. It knows questions and the keys of their exact entries, not the answers: a caller that finds a key
 * without an entry should {@link #forget} it.
 *
 * <p>Cold. Look-ups and {@link #remember} never fail: while Redis or the embedder is unavailable nothing is found. Results come on Redis'
 * event loop or Reactor's parallel scheduler. {@link #dispose} stops watching the server; the embedder belongs to its owner.
 */
public final class Semantic implements Disposable {

    /** Looked at in each look-up: the best of them that passes is the hit, not the first one. */
    static final int CANDIDATES = 5;

    private static final Logger LOG = LoggerFactory.getLogger(Semantic.class);

    /** A report is to outlive every entry. */
    private static final Duration REPORTS_KEPT = Duration.ofDays(400);

    /** Characters of a question. Longer ones are neither looked for nor remembered: an embedder reads only the beginning. */
    private static final int LONGEST = 1_000;

    private static final int MOST_REPORTS = 1_000;
    private static final Script REPORT = Script.load(Semantic.class, "report.lua");

    private final Redis redis;
    private final Keys keys;
    private final SemanticSettings settings;
    private final Embedder embedder;
    private final ServerIndex index;
    private final Quality quality;
    /** Their word lists are read with the class, so here and not by an event loop. */
    private final Guards guards = Guards.ALL;

    private final Map<Reason, LongAdder> outcomes = Stream.of(Reason.values())
            .collect(Collectors.toUnmodifiableMap(reason -> reason, reason -> new LongAdder()));

    /** @param embedder its vectors are kept in Redis, so one that is slow or costs money is asked once for a text */
    public Semantic(Redis redis, Keys keys, Embedder embedder, SemanticSettings settings) {
        this.redis = redis;
        this.keys = keys;
        this.settings = settings;
        this.embedder = new CachedEmbedder(embedder, redis, keys);
        this.index = new ServerIndex(redis, keys);
        this.quality = new Quality(redis, keys, settings);
    }

    /** The embedder's id, for partitions. */
    public String embedder() {
        return embedder.id();
    }

    /**
     * Looks for the answer.
     *
     * @param question the last thing that the user said, and nothing else
     * @param atLeast the caller's own least cosine: counts when it is more than the category's; 0 for none
     * @return never empty, never fails
     */
    public Mono<Found> find(Partition partition, String question, double atLeast, String category) {
        return look(partition, question, atLeast, category, false).doOnNext(found -> {
            Objects.requireNonNull(outcomes.get(found.reason())).increment();
            if (found.hit() != null) {
                quality.served(partition.tenant(), category);
            }
        });
    }

    /** The same, with the verdict of every guard on every candidate; counts as nothing served. */
    public Mono<Found> explain(Partition partition, String question, double atLeast, String category) {
        return look(partition, question, atLeast, category, true);
    }

    private Mono<Found> look(Partition partition, String question, double atLeast, String category, boolean all) {
        return Mono.defer(() -> {
                    Asked asked = Asked.of(question);
                    Reason refusal = refusal(question, asked);
                    return refusal != null
                            ? Mono.just(Found.none(refusal))
                            : Mono.zip(quality.threshold(partition.tenant(), category), neighbours(partition, asked))
                                    .map(both -> judge(asked, Math.max(atLeast, both.getT1()), both.getT2(), all));
                })
                .timeout(settings.patience())
                .onErrorResume(e -> Mono.just(missed(e)));
    }

    /** Why a question is neither looked for nor remembered; null: it is. */
    private @Nullable Reason refusal(String question, Asked asked) {
        if (asked.text().isEmpty() || asked.text().length() > LONGEST) {
            return Reason.UNFIT;
        }
        return HiddenText.first(question) == null ? null : Reason.HIDDEN;
    }

    private Mono<List<Neighbour>> neighbours(Partition partition, Asked asked) {
        return embedder.embed(asked.text()).flatMap(vector -> index.nearest(partition, asked, vector, CANDIDATES));
    }

    private static Found missed(Throwable e) {
        if (e instanceof TimeoutException) {
            return Found.none(Reason.LATE);
        }
        if (e instanceof ParleyException) {
            LOG.debug("no semantic look-up: {}", e.getMessage());
        } else {
            LOG.warn("a semantic look-up failed", e);
        }
        return Found.none(Reason.UNAVAILABLE);
    }

    private Found judge(Asked asked, double threshold, List<Neighbour> neighbours, boolean all) {
        Question question = Question.of(asked.text());
        List<Candidate> candidates = neighbours.stream()
                .map(neighbour -> candidate(question, threshold, neighbour, all))
                .toList();
        return candidates.stream()
                .filter(Candidate::passes)
                .findFirst()
                .map(hit -> new Found(hit, Reason.HIT, threshold, candidates))
                .orElseGet(() -> new Found(null, reason(candidates), threshold, candidates));
    }

    private Candidate candidate(Question question, double threshold, Neighbour neighbour, boolean all) {
        boolean near = neighbour.cosine() >= threshold;
        Question other = Question.of(neighbour.question());
        return new Candidate(
                neighbour.question(),
                neighbour.entryKey(),
                neighbour.cosine(),
                near,
                neighbour.reported(),
                all ? guards.all(question, other) : near ? guards.untilOneObjects(question, other) : List.of());
    }

    private static Reason reason(List<Candidate> candidates) {
        if (candidates.isEmpty()) {
            return Reason.NOTHING;
        }
        List<Candidate> near = candidates.stream().filter(Candidate::near).toList();
        if (near.isEmpty()) {
            return Reason.FAR;
        }
        return near.stream().allMatch(each -> each.objection() != null) ? Reason.GUARDED : Reason.REPORTED;
    }

    /**
     * Remembers that a question has an answer.
     *
     * @param entryKey of the exact entry
     * @param ttl of that entry; more than zero
     * @return whether it is remembered; never fails
     */
    public Mono<Boolean> remember(Partition partition, String question, String entryKey, Duration ttl) {
        return Mono.defer(() -> {
                    Asked asked = Asked.of(question);
                    return refusal(question, asked) != null || ttl.toMillis() < 1
                            ? Mono.just(false)
                            : embedder.embed(asked.text())
                                    .flatMap(vector -> index.add(partition, asked, vector, entryKey, ttl))
                                    .thenReturn(true);
                })
                .onErrorResume(e -> {
                    LOG.debug("a question could not be stored: {}", e.getMessage());
                    return Mono.just(false);
                });
    }

    /** Removes a question without an answer. Fails with {@code unavailable} while Redis is unavailable. */
    public Mono<Void> forget(Partition partition, String question) {
        return Mono.defer(() -> index.remove(partition, Asked.of(question)));
    }

    /**
     * Reports that an entry's answer was wrong for a question: it is not given to that question again, and counts against its category,
     * once. Fails with {@code unavailable} while Redis is unavailable.
     *
     * @param question that was asked, not the one that the entry was made for
     */
    public Mono<Reported> feedback(Partition partition, String question, String entryKey, String category) {
        return Mono.defer(() -> REPORT.run(
                        redis,
                        new String[] {
                            keys.semantic(
                                    partition.digest(),
                                    "refused:" + Asked.of(question).id())
                        },
                        Script.bytes(entryKey),
                        Script.bytes(REPORTS_KEPT.toMillis()),
                        Script.bytes(MOST_REPORTS)))
                .flatMap(reply -> count(partition, category, (Long) reply.get(0) == 1));
    }

    private Mono<Reported> count(Partition partition, String category, boolean counted) {
        Mono<Long> steps =
                counted ? quality.wrong(partition.tenant(), category) : quality.steps(partition.tenant(), category);
        return steps.map(now -> new Reported(counted, now, quality.threshold(category, now)));
    }

    /** How many look-ups have come to this, explanations left out. */
    public long outcomes(Reason reason) {
        return Objects.requireNonNull(outcomes.get(reason)).sum();
    }

    @Override
    public void dispose() {
        index.dispose();
    }
}
