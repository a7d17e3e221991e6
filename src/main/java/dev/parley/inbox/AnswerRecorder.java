package dev.parley.inbox;

import dev.parley.event.Utf8;
import dev.parley.protocol.MessageContent;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.store.AnswerListener;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Keeps what agents answer to first messages, where that was asked for: a few at a time, in the background. What there is no room for is
 * not kept.
 */
public final class AnswerRecorder implements AnswerListener, Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(AnswerRecorder.class);

    private static final int WAITING = 1_024;
    private static final int AT_ONCE = 16;

    private record Due(String conversation, Note note) {}

    /** What is noted with a message: {@code <category> <agent> <message id>}, which have no spaces. */
    record Note(String category, String agent, String messageId) {

        static Note of(String text) {
            String[] words = text.split(" ", -1);
            return new Note(words[0], words[1], words[2]);
        }

        String text() {
            return category + " " + agent + " " + messageId;
        }
    }

    private final Redis redis;
    private final Keys keys;
    private final String defaultTenant;
    private final AnswerCache answers;
    private final Sinks.Many<Due> due = Sinks.many().multicast().onBackpressureBuffer(WAITING, false);
    private final Disposable keeping;

    /** @param defaultTenant whose the conversations are that are nobody's */
    public AnswerRecorder(Redis redis, Keys keys, String defaultTenant, AnswerCache answers) {
        this.redis = redis;
        this.keys = keys;
        this.defaultTenant = defaultTenant;
        this.answers = answers;
        this.keeping = due.asFlux()
                .flatMap(
                        one -> keep(one).onErrorResume(e -> {
                            LOG.debug("The answer in {} is not kept: {}", one.conversation, e.getMessage());
                            return Mono.empty();
                        }),
                        AT_ONCE)
                .subscribe();
    }

    @Override
    public void answered(String conversation, String note) {
        Sinks.EmitResult result;
        synchronized (due) {
            result = due.tryEmitNext(new Due(conversation, Note.of(note)));
        }
        if (result.isFailure()) {
            LOG.debug("The answer in {} is not kept: {}", conversation, result);
        }
    }

    private Mono<Void> keep(Due one) {
        String messages = keys.messages(one.conversation);
        String meta = keys.meta(one.conversation);
        Flux<StreamMessage<String, byte[]>> first =
                redis.call(messages, commands -> commands.xrange(messages, Range.unbounded(), Limit.from(3)));
        Mono<String> tenant = redis.callOne(meta, commands -> commands.hget(meta, "tenant"))
                .map(Script::text)
                .defaultIfEmpty(defaultTenant);
        return first.map(StreamMessage::getBody).collectList().flatMap(said -> {
            String question = question(said, one.note);
            String answer = question == null ? null : answer(said, one.note);
            return question == null || answer == null
                    ? Mono.empty()
                    : tenant.flatMap(whose -> answers.keep(
                            new AnswerCache.Question(whose, one.note.agent, one.note.category, question), answer));
        });
    }

    /** Null when there is more than this one message and its answer: then that may be the answer to something else as well. */
    private static @Nullable String question(List<Map<String, byte[]>> said, Note note) {
        return said.size() == 2 && is(said.get(0), "role", "user") && is(said.get(0), "message_id", note.messageId)
                ? text(said.get(0))
                : null;
    }

    /** Null when it is no whole text of the agent that was asked. */
    private static @Nullable String answer(List<Map<String, byte[]>> said, Note note) {
        Map<String, byte[]> last = said.get(1);
        boolean whole = is(last, "role", "assistant")
                && is(last, "agent", note.agent)
                && !last.containsKey("failed")
                && !last.containsKey("truncated");
        return whole ? text(last) : null;
    }

    private static boolean is(Map<String, byte[]> message, String field, String value) {
        byte[] has = message.get(field);
        return has != null && Script.text(has).equals(value);
    }

    private static @Nullable String text(Map<String, byte[]> message) {
        byte[] content = message.get("content");
        String text = content == null ? null : new MessageContent(Script.text(content)).text();
        return text == null || !Utf8.canEncode(text) ? null : text;
    }

    /** Nothing more is kept. */
    @Override
    public void dispose() {
        keeping.dispose();
    }
}
