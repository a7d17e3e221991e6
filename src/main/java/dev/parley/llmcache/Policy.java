package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.llmcache.text.TimeWords;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which questions may be answered from the cache, and which responses may be stored. Each rule has its {@link Reason}. Thread-safe.
 */
final class Policy {

    private static final Set<String> ENDED = Set.of("stop", "end_turn", "stop_sequence", "completed");
    private static final Set<String> CUT = Set.of("length", "max_tokens", "incomplete");

    /** Characters that take half a millisecond or so to check. */
    private static final int LONG = 4_096;

    /** Digits of ten telephone numbers, which take as long. */
    private static final int MANY_DIGITS = 100;

    private record Rule(Reason reason, BiPredicate<Question, Prompt> refuses) {}

    private record ReplyRule(Reason reason, Predicate<ModelReply> refuses) {}

    private final List<Rule> rules;
    private final List<ReplyRule> replyRules;
    private final PersonalData personal;

    /** Loads the word lists here, because that would delay an event loop later. */
    Policy(double maxTemperature, PersonalData personal) {
        TimeWords.load();
        this.personal = personal;
        this.rules = List.of(
                new Rule(Reason.CATEGORY, (question, prompt) -> question.category() == Category.NONE),
                new Rule(Reason.MULTI_TURN, (question, prompt) -> prompt.turns() > 1 || prompt.answered()),
                new Rule(
                        Reason.TEMPERATURE,
                        (question, prompt) ->
                                question.request().path("temperature").asDouble() > maxTemperature),
                new Rule(
                        Reason.TIME_SENSITIVE,
                        (question, prompt) -> question.category() != Category.LIVE
                                && question.category() != Category.EMBEDDING
                                && TimeWords.first(prompt.last()) != null),
                new Rule(
                        Reason.PII,
                        (question, prompt) -> prompt.said().stream()
                                .anyMatch(text -> !personal.find(text).isEmpty())));
        this.replyRules = List.of(
                new ReplyRule(Reason.STATUS, Policy::failed),
                new ReplyRule(
                        Reason.TRUNCATED,
                        reply -> reply.truncated() || reply.ends().stream().anyMatch(CUT::contains)),
                new ReplyRule(Reason.TOOL_CALLS, ModelReply::calls),
                new ReplyRule(
                        Reason.FINISH_REASON,
                        reply -> !reply.ends().stream()
                                .allMatch(end ->
                                        ENDED.contains(end) || CUT.contains(end) || ModelReply.CALLING.contains(end))),
                new ReplyRule(Reason.EMPTY, reply -> EmptyResponse.is(reply.response())));
    }

    /** Whether the check takes longer than an event loop should. */
    boolean isLong(Question question) {
        return isLong(Prompt.of(question.request()).said());
    }

    boolean isLong(ModelReply reply) {
        return isLong(texts(reply.response()));
    }

    /** Digits count, because telephone numbers take longer to check. */
    private static boolean isLong(List<String> texts) {
        return texts.stream().mapToLong(String::length).sum() > LONG
                || texts.stream()
                                .flatMapToInt(String::chars)
                                .filter(Character::isDigit)
                                .count()
                        > MANY_DIGITS;
    }

    /** The first rule that keeps a question from the cache; null if none does. */
    @Nullable
    Reason refusal(Question question) {
        List<Reason> fired = fired(question);
        return fired.isEmpty() ? null : fired.get(0);
    }

    /** All rules that keep a question from the cache. */
    List<Reason> fired(Question question) {
        Prompt prompt = Prompt.of(question.request());
        return rules.stream()
                .filter(rule -> !question.waives(rule.reason) && rule.refuses.test(question, prompt))
                .map(Rule::reason)
                .toList();
    }

    /** The reason why a response may not be stored; null if it may. */
    @Nullable
    Reason refusal(Question question, ModelReply reply) {
        Reason refusal = refusal(question);
        if (refusal != null) {
            return refusal;
        }
        for (ReplyRule rule : replyRules) {
            if (!question.waives(rule.reason) && rule.refuses.test(reply)) {
                return rule.reason;
            }
        }
        return isPersonal(question, reply) ? Reason.PII : null;
    }

    /** Whether a caller may receive an entry. */
    static boolean allows(Question question, CacheEntry entry) {
        return !entry.calls() || question.waives(Reason.TOOL_CALLS);
    }

    /**
     * Whether question or reply contain personal data. What the operator's own prompt contains, such as a contact address, does not count.
     */
    private boolean isPersonal(Question question, ModelReply reply) {
        if (question.category() == Category.EMBEDDING) {
            return false;
        }
        String house = Prompt.of(question.request()).house();
        return texts(reply.response()).stream()
                .flatMap(text -> personal.find(text).stream())
                .anyMatch(found -> !house.contains(found));
    }

    /** Every string of a response, because a response of any form may contain personal data in any of them; ids and hashes contain none. */
    private static List<String> texts(JsonNode response) {
        List<String> texts = new ArrayList<>();
        gather(response, texts);
        return texts;
    }

    private static void gather(JsonNode node, List<String> texts) {
        if (node.isTextual()) {
            texts.add(node.textValue());
        } else {
            node.properties().forEach(field -> {
                if (!field.getKey().equals("id") && !field.getKey().endsWith("_fingerprint")) {
                    gather(field.getValue(), texts);
                }
            });
            if (node.isArray()) {
                node.forEach(element -> gather(element, texts));
            }
        }
    }

    private static boolean failed(ModelReply reply) {
        return reply.status() != 200
                || reply.response().hasNonNull("error")
                || reply.response().isNull();
    }
}
