package dev.parley.demo;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.reactive.RedisReactiveCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * The agents {@code triage} and {@code billing_agent}: they answer from a script, at the pace of a language model, and hand over to each
 * other. Everything they say is published durably.
 *
 * <p>Each answers at most 32 messages at once; more wait in its inbox. A message is acknowledged when its answer is complete, so one that
 * the end of the process cut off is answered anew by the next. Nothing here blocks; it runs on its own Redis client's threads and on
 * Reactor's timer.
 */
public final class DemoAgent implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(DemoAgent.class);

    private static final int ANSWERS_AT_ONCE = 32;

    private final ClientResources resources = DefaultClientResources.builder()
            .reconnectDelay(
                    () -> Delay.fullJitter(Duration.ofMillis(20), Duration.ofSeconds(1), 20, TimeUnit.MILLISECONDS))
            .build();
    private final RedisClient client = RedisClient.create(resources);
    private final RedisClient inboxes = RedisClient.create(resources);
    private final RedisURI uri;
    private final String prefix;
    private final TypingDelay pace;
    private final Mono<RedisReactiveCommands<String, String>> commands;
    private final EventStream events;
    private final Set<Answer> answers = ConcurrentHashMap.newKeySet();
    private final Disposable.Composite running = Disposables.composite();

    /**
     * @param redisUri of a single server or of Sentinels, as Lettuce writes them; a cluster is not for this demo
     * @param prefix what the gateway puts in front of its keys and channels; empty for nothing
     */
    public DemoAgent(String redisUri, String prefix) {
        this(redisUri, prefix, Duration.ofMillis(60), Duration.ofMillis(120));
    }

    /**
     * @param shortest from one piece of an answer, a few words, to the next
     * @param longest the same; each pause is a random one between the two
     */
    public DemoAgent(String redisUri, String prefix, Duration shortest, Duration longest) {
        this.prefix = prefix;
        this.uri = RedisURI.create(redisUri);
        this.pace = new TypingDelay(shortest, longest);
        this.commands = Mono.fromCompletionStage(() -> client.connectAsync(StringCodec.UTF8, uri))
                .map(StatefulRedisConnection::reactive)
                .retryWhen(RedisRetry.AGAIN)
                .cache();
        this.events = new EventStream(prefix, commands);
        inboxes.setOptions(ClientOptions.builder().autoReconnect(false).build());
    }

    /** Starts to read the inboxes, again whenever Redis is available again, until {@link #dispose}. Returns immediately. */
    public void open() {
        LOG.info("The demo's agents read their inboxes: {}", String.join(", ", ScriptedAnswers.AGENTS));
        keep(new Cancels(client, uri, prefix)
                .heard()
                .subscribe(cancel -> stop(cancel.conversation(), cancel.run(), answer -> true)));
        for (String agent : ScriptedAnswers.AGENTS) {
            Inbox inbox = new Inbox(inboxes, uri, prefix, agent, commands);
            keep(inbox.letters()
                    .flatMap(letter -> act(agent, letter).then(inbox.done(letter)), ANSWERS_AT_ONCE)
                    .subscribe());
        }
    }

    private void keep(Disposable subscription) {
        if (!running.add(subscription)) {
            LOG.debug("It was closed while it opened");
        }
    }

    /** Never fails: a message that can't be answered is logged and acknowledged. */
    private Mono<Void> act(String agent, InboxEntry letter) {
        if (letter.conversation().isEmpty()) {
            LOG.warn("{} of {}'s inbox names no conversation, or has been trimmed: ignored", letter.id(), agent);
            return Mono.empty();
        }
        return Mono.defer(() -> letter.isCancel() ? cancel(letter) : answer(agent, letter))
                .doOnError(e -> LOG.error("{} could not handle {}", agent, letter, e))
                .onErrorComplete();
    }

    private Mono<Void> answer(String agent, InboxEntry letter) {
        return Mono.using(
                () -> {
                    Answer answer = new Answer(letter, events, pace);
                    answers.add(answer);
                    return answer;
                },
                answer -> answer.play(ScriptedAnswers.answer(agent, letter.content())),
                answers::remove);
    }

    /** A cancel that waited in the inbox does not concern later messages. */
    private Mono<Void> cancel(InboxEntry letter) {
        return Mono.fromRunnable(() -> stop(
                letter.conversation(), letter.run(), answer -> answer.letter().isBefore(letter)));
    }

    private void stop(String conversation, @Nullable String run, Predicate<Answer> condition) {
        answers.stream()
                .filter(answer -> answer.letter().conversation().equals(conversation) && answer.isMeantBy(run))
                .filter(condition)
                .forEach(Answer::cancel);
    }

    @Override
    public void dispose() {
        running.dispose();
        // Not awaited: the next process answers again what Redis has not received by now.
        var unused = inboxes.shutdownAsync(0, 1, TimeUnit.SECONDS)
                .thenCompose(done -> client.shutdownAsync(0, 1, TimeUnit.SECONDS))
                .whenComplete((done, error) -> {
                    var unusedToo = resources.shutdown(200, 1_000, TimeUnit.MILLISECONDS);
                });
    }

    @Override
    public boolean isDisposed() {
        return running.isDisposed();
    }
}
