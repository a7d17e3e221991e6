package dev.parley.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.llmcache.CacheAnswer;
import dev.parley.llmcache.CacheKey;
import dev.parley.llmcache.ComputeLease;
import dev.parley.llmcache.Explanation;
import dev.parley.llmcache.FeedbackResult;
import dev.parley.llmcache.HourlyFigures;
import dev.parley.llmcache.semantic.Candidate;
import dev.parley.llmcache.semantic.Found;
import dev.parley.llmcache.semantic.Reported;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The replies of the cache's operations. */
final class CacheJson {

    private static final byte[] ENTRY = {',', '"', 'e', 'n', 't', 'r', 'y', '"', ':'};

    private CacheJson() {}

    static byte[] answer(CacheAnswer answer) {
        ObjectNode json = key(answer.key()).put("hit", answer instanceof CacheAnswer.Hit);
        lead(json, answer.lead());
        if (answer instanceof CacheAnswer.Miss miss) {
            return bytes(json.put("reason", miss.reason().wire()));
        }
        CacheAnswer.Hit hit = (CacheAnswer.Hit) answer;
        json.put("kind", hit.kind().name().toLowerCase(Locale.ROOT));
        if (hit.ageMillis() >= 0) {
            json.put("age_ms", hit.ageMillis());
        }
        Candidate near = hit.near();
        if (near != null) {
            json.set("near", candidate(near));
        }
        return with(bytes(json), hit.entry().json());
    }

    /** Inserts a stored entry as bytes, without parsing it. */
    private static byte[] with(byte[] object, byte[] entry) {
        byte[] all = new byte[object.length + ENTRY.length + entry.length];
        System.arraycopy(object, 0, all, 0, object.length - 1);
        System.arraycopy(ENTRY, 0, all, object.length - 1, ENTRY.length);
        System.arraycopy(entry, 0, all, object.length - 1 + ENTRY.length, entry.length);
        all[all.length - 1] = '}';
        return all;
    }

    static ObjectNode key(CacheKey key) {
        return JsonNodeFactory.instance.objectNode().put("key", key.hash());
    }

    private static void lead(ObjectNode json, @Nullable ComputeLease lead) {
        if (lead != null) {
            json.put("leader", true).put("token", lead.token()).put("lease_ms", lead.millis());
        }
    }

    static byte[] explanation(Explanation explanation) {
        ObjectNode json = key(explanation.key()).put("form", explanation.key().seed() ? "seed" : "v2");
        json.put("text", explanation.text());
        ArrayNode rules = json.putArray("rules");
        explanation.rules().forEach(rule -> rules.add(rule.wire()));
        Found semantic = explanation.semantic();
        if (semantic != null) {
            json.set("semantic", semantic(semantic));
        }
        Explanation.Kept kept = explanation.kept();
        if (kept == null) {
            return bytes(json.put("redis", "away"));
        }
        if (kept.header() != null) {
            entry(json.putObject("entry"), kept);
        }
        if (kept.flightMillis() > 0) {
            json.putObject("flight").put("lease_ms", kept.flightMillis());
        }
        return bytes(json);
    }

    private static ObjectNode candidate(Candidate candidate) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("entry", candidate.entryKey())
                .put("question", candidate.question())
                .put("cosine", Math.round(candidate.cosine() * 1e4) / 1e4);
    }

    private static ObjectNode semantic(Found found) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("outcome", found.reason().label())
                .put("threshold", found.threshold());
        ArrayNode candidates = json.putArray("candidates");
        for (Candidate candidate : found.candidates()) {
            ObjectNode one = candidate(candidate).put("near", candidate.near()).put("reported", candidate.reported());
            ArrayNode objections = one.putArray("objections");
            candidate.verdicts().stream()
                    .filter(verdict -> !verdict.passes())
                    .forEach(verdict -> objections.add(verdict.guard() + ": " + verdict.reason()));
            candidates.add(one);
        }
        return json;
    }

    static byte[] complaint(FeedbackResult complaint) {
        Reported reported = complaint.semantic();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("counted", reported != null && reported.counted()).put("dropped", complaint.dropped());
        return bytes(reported == null ? json : json.put("threshold", reported.threshold()));
    }

    private static void entry(ObjectNode json, Explanation.Kept kept) {
        json.put("bytes", kept.bytes()).put("ends_ms", kept.endsMillis()).put("invalidated", kept.invalidated());
        List<String> lines = kept.lines();
        if (lines.size() > Explanation.Kept.TAGS) {
            json.put("age_ms", kept.now() - Long.parseLong(lines.get(1)));
            json.put("fresh_ms", Math.max(0, Long.parseLong(lines.get(2)) - kept.now()));
            json.put("category", lines.get(6)).put("model", lines.get(7)).put("namespace", lines.get(8));
            ArrayNode tags = json.putArray("tags");
            lines.subList(Explanation.Kept.TAGS, lines.size() - 1).forEach(tags::add);
        }
    }

    static byte[] stats(List<HourlyFigures> hours) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        Map<String, Long> total = new TreeMap<>();
        hours.forEach(hour -> hour.counts().forEach((name, count) -> total.merge(name, count, Long::sum)));
        json.set("total", figures(total));
        ArrayNode all = json.putArray("hours");
        hours.forEach(hour -> all.add(JsonNodeFactory.instance
                .objectNode()
                .put("hour", hour.hour().toString())
                .setAll(figures(hour.counts()))));
        return bytes(json);
    }

    private static ObjectNode figures(Map<String, Long> counts) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        long hits = group(json.putObject("hits"), counts, "hit:");
        long misses = group(json.putObject("misses"), counts, "miss:");
        json.put("hit_rate", hits + misses == 0 ? 0 : (double) hits / (hits + misses));
        json.put("stored", counts.getOrDefault("stored", 0L));
        group(json.putObject("refused"), counts, "refused:");
        json.put("seconds_saved", BigDecimal.valueOf(counts.getOrDefault("saved_ms", 0L), 3));
        json.put("money_saved", BigDecimal.valueOf(counts.getOrDefault("saved_micros", 0L), 6));
        return json;
    }

    /** Returns their sum. */
    @CanIgnoreReturnValue
    private static long group(ObjectNode json, Map<String, Long> counts, String prefix) {
        long sum = 0;
        for (Map.Entry<String, Long> count : new TreeMap<>(counts).entrySet()) {
            if (count.getKey().startsWith(prefix)) {
                json.put(count.getKey().substring(prefix.length()), count.getValue());
                sum += count.getValue();
            }
        }
        return sum;
    }

    static byte[] bytes(ObjectNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
