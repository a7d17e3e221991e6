package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which questions may be answered from the cache, and which answers may go into it. Each rule has its {@link Reason}. Thread-safe. */
final class Policy {

    private static final Pattern TIME = Pattern.compile(
            "\\b(?:today|tonight|tomorrow|yesterday|now|currently|current|latest|newest|recent(?:ly)?|this (?:week|month|year|morning|evening)"
                    + "|at the moment|what time|weather|heute|gestern|morgen|jetzt|gerade|aktuell\\w*|derzeit|momentan|neueste\\w*"
                    + "|aujourd.hui|demain|hier|maintenant|actuel\\w*|hoy|ahora|mañana|ayer|actual\\w*)\\b",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);

    private static final Set<String> ENDED = Set.of("stop", "end_turn", "stop_sequence", "completed");
    private static final Set<String> CUT = Set.of("length", "max_tokens", "incomplete");
    private static final Set<String> CALLING = Set.of("tool_calls", "function_call", "tool_use");

    private record Rule(Reason reason, BiPredicate<Question, Prompt> refuses) {}

    private record ReplyRule(Reason reason, Predicate<Reply> refuses) {}

    private final List<Rule> rules;
    private final List<ReplyRule> replyRules;
    private final PersonalData personal;

    Policy(double maxTemperature, PersonalData personal) {
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
                                && TIME.matcher(prompt.last()).find()),
                new Rule(
                        Reason.PII,
                        (question, prompt) -> prompt.said().stream()
                                .anyMatch(text -> !personal.find(text).isEmpty())));
        this.replyRules = List.of(
                new ReplyRule(Reason.STATUS, Policy::failed),
                new ReplyRule(
                        Reason.TRUNCATED,
                        reply -> reply.truncated() || ends(reply).stream().anyMatch(CUT::contains)),
                new ReplyRule(Reason.TOOL_CALLS, Policy::calls),
                new ReplyRule(
                        Reason.FINISH_REASON,
                        reply -> !ends(reply).stream()
                                .allMatch(end -> ENDED.contains(end) || CUT.contains(end) || CALLING.contains(end))));
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
    Reason refusal(Question question, Reply reply) {
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
    static boolean allows(Question question, Entry entry) {
        return !entry.calls() || question.waives(Reason.TOOL_CALLS);
    }

    /** What the house itself has written into its prompt, such as where to write to, is no secret of anybody. */
    private boolean isPersonal(Question question, Reply reply) {
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

    private static boolean failed(Reply reply) {
        return reply.status() != 200
                || reply.response().hasNonNull("error")
                || reply.response().isNull();
    }

    /** Whether it calls tools. */
    static boolean calls(Reply reply) {
        return ends(reply).stream().anyMatch(CALLING::contains)
                || reply.response().findValues("tool_calls").stream().anyMatch(calls -> !calls.isEmpty());
    }

    /** How it ended: OpenAI's finish reasons, Anthropic's stop reason, or what the caller says. */
    private static List<String> ends(Reply reply) {
        List<String> ends = new ArrayList<>();
        if (reply.finishReason() != null) {
            ends.add(reply.finishReason());
        }
        reply.response()
                .path("choices")
                .forEach(choice -> ends.add(choice.path("finish_reason").asText()));
        if (reply.response().has("stop_reason")) {
            ends.add(reply.response().path("stop_reason").asText());
        }
        if (reply.response().path("object").asText().equals("response")) {
            ends.add(reply.response().path("status").asText());
        }
        return ends;
    }
}
