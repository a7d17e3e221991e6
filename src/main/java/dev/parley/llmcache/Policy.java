package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.llmcache.text.TimeWords;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Which questions may be answered from the cache, and which answers may go into it. Each rule has its {@link Reason}. Thread-safe. */
final class Policy {

    private static final Set<String> ENDED = Set.of("stop", "end_turn", "stop_sequence", "completed");
    private static final Set<String> CUT = Set.of("length", "max_tokens", "incomplete");

    /** Characters; half a millisecond or so. */
    private static final int LONG = 4_096;

    /** Ten telephone numbers; the same. */
    private static final int MANY_DIGITS = 100;

    private record Rule(Reason reason, BiPredicate<Question, Prompt> refuses) {}

    private record ReplyRule(Reason reason, Predicate<ModelReply> refuses) {}

    private final List<Rule> rules;
    private final List<ReplyRule> replyRules;
    private final PersonalData personal;

    /** Reads the words that it knows: later that would hold up an event loop. */
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

    /** Whether reading it takes longer than an event loop should. */
    boolean isLong(Question question) {
        return isLong(Prompt.of(question.request()).said());
    }

    boolean isLong(ModelReply reply) {
        return isLong(texts(reply.response()));
    }

    /** A digit may be of a telephone number, which takes longer to tell. */
    private static boolean isLong(List<String> texts) {
        return texts.stream().mapToLong(String::length).sum() > LONG
                || texts.stream()
                                .flatMapToInt(String::chars)
                                .filter(Character::isDigit)
                                .count()
                        > MANY_DIGITS;
    }

    /** The first rule that keeps a question from the cache; null: it may be answered from there. */
    @Nullable
    Reason refusal(Question question) {
        List<Reason> fired = fired(question);
        return fired.isEmpty() ? null : fired.get(0);
    }

    /** All rules that do. */
    List<Reason> fired(Question question) {
        Prompt prompt = Prompt.of(question.request());
        return rules.stream()
                .filter(rule -> !question.waives(rule.reason) && rule.refuses.test(question, prompt))
                .map(Rule::reason)
                .toList();
    }

    /** Why an answer may not be kept; null: it may. */
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

    /** Whether what is kept may be given to who asks. */
    static boolean allows(Question question, CacheEntry entry) {
        return !entry.calls() || question.waives(Reason.TOOL_CALLS);
    }

    /** What the house itself has written into its prompt, such as where to write to, is no secret of anybody. */
    private boolean isPersonal(Question question, ModelReply reply) {
        if (question.category() == Category.EMBEDDING) {
            return false;
        }
        String house = Prompt.of(question.request()).house();
        return texts(reply.response()).stream()
                .flatMap(text -> personal.find(text).stream())
                .anyMatch(found -> !house.contains(found));
    }

    /** Every string in it, since anything may be told in a response of any form; ids and hashes are told by nobody. */
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
