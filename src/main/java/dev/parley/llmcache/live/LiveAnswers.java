package dev.parley.llmcache.live;

import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.support.MemoryBudget;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * The streams in progress, by the token of their flight and their form. A token names its node. Until {@link #open}, and while Redis is
 * unavailable, only this node's streams are available. Thread-safe.
 */
public final class LiveAnswers implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveAnswers.class);

    /** A command that takes longer counts as lost: its content is requested again. */
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    /** Maximum number of other nodes that follow one stream. */
    private static final int MOST_OUTLETS = 64;

    /** The part of the heap for all streams in progress: one in that many. */
    private static final int PART_OF_HEAP = 8;

    private final Redis redis;
    private final Keys keys;
    private final String node = Ids.random();
    private final MemoryBudget memory = new MemoryBudget(Runtime.getRuntime().maxMemory() / PART_OF_HEAP);
    private final Map<String, Own> owned = new ConcurrentHashMap<>();
    private final Map<String, RemoteStream> feeds = new ConcurrentHashMap<>();
    private final Disposable.Composite running = Disposables.composite();
    private volatile boolean open;

    public LiveAnswers(Redis redis, Keys keys) {
        this.redis = redis;
        this.keys = keys;
    }

    /** A stream that this node computes, and the nodes to which it is sent. */
    private record Own(LiveAnswer answer, Map<String, StreamSender> outlets) {}

    /** Makes a token unique, and names this node. */
    public String unique() {
        return node + '.' + Ids.random();
    }

    /** Begins to receive other nodes' messages, over a shared connection. */
    public void open(PubSub channels) {
        String channel = keys.cacheNode(node);
        running.add(
                channels.subscribe(channel, (name, message) -> heard(message)).subscribe());
        running.add(() -> channels.unsubscribe(channel));
        open = true;
    }

    /** Ends all streams. */
    @Override
    public void dispose() {
        open = false;
        running.dispose();
        owned.values().forEach(own -> own.answer.cut());
        feeds.values().forEach(RemoteStream::dispose);
    }

    /** Begins a stream that is computed here until {@link #forget}; hidden at first. */
    public LiveAnswer begin(String token, String form) {
        LiveAnswer answer = new LiveAnswer(true, memory);
        owned.put(name(token, form), new Own(answer, new ConcurrentHashMap<>()));
        return answer;
    }

    /** A stream that only its own caller reads; it keeps only what that caller has not read. */
    public LiveAnswer alone() {
        LiveAnswer answer = new LiveAnswer(false, memory);
        answer.forget();
        return answer;
    }

    /** Cuts a stream off if it has not ended. Other nodes may still request missing parts for some time. */
    public void forget(String token, String form) {
        String name = name(token, form);
        Own own = owned.get(name);
        if (own == null) {
            return;
        }
        own.answer.cut();
        if (own.outlets.isEmpty() || running.isDisposed()) {
            remove(name, own);
            return;
        }
        Disposable.Swap lingering = Disposables.swap();
        if (running.add(lingering)) {
            lingering.update(Mono.delay(RemoteStream.SILENCE).subscribe(tick -> {
                remove(name, own);
                running.remove(lingering);
            }));
        }
    }

    private void remove(String name, Own own) {
        owned.remove(name, own);
        own.outlets.values().forEach(StreamSender::dispose);
        own.answer.forget();
    }

    /**
     * Emits a stream when it is shown; empty if it never is, or is unknown here (yet). Cancelling ends the wait.
     *
     * @param token of the flight
     * @param form the only acceptable form
     */
    public Mono<LiveAnswer> find(String token, String form) {
        return Mono.defer(() -> {
            String name = name(token, form);
            Own own = owned.get(name);
            if (own != null) {
                return own.answer.shown();
            }
            String other = nodeOf(token);
            return other == null || other.equals(node) || !open
                    ? Mono.empty()
                    : feed(name, other).answer().shown();
        });
    }

    private RemoteStream feed(String name, String other) {
        RemoteStream feed = new RemoteStream(
                from -> post(other, LiveAnswerMessage.want(name, from, node)),
                () -> end(name),
                System::nanoTime,
                memory);
        RemoteStream there = feeds.putIfAbsent(name, feed);
        if (there == null) {
            feed.open();
        }
        return there == null ? feed : there;
    }

    private void end(String name) {
        RemoteStream feed = feeds.remove(name);
        if (feed != null) {
            feed.dispose();
        }
    }

    private void heard(byte[] bytes) {
        LiveAnswerMessage message = LiveAnswerMessage.decoded(bytes);
        if (message == null) {
            LOG.debug("Another program has published on this node's channel");
        } else if (message.wants()) {
            wanted(message);
        } else {
            RemoteStream feed = feeds.get(message.name());
            if (feed != null) {
                feed.heard(message);
            }
        }
    }

    private void wanted(LiveAnswerMessage want) {
        Own own = owned.get(want.name());
        String other = want.word();
        if (own != null && Ids.valid(other) && own.outlets.size() < MOST_OUTLETS) {
            own.outlets
                    .computeIfAbsent(
                            other,
                            to -> new StreamSender(want.name(), own.answer, part -> send(to, part), System::nanoTime))
                    .wanted(want.at());
        }
    }

    private void post(String to, LiveAnswerMessage message) {
        Disposable.Swap sending = Disposables.swap();
        if (running.add(sending)) {
            sending.update(
                    send(to, message).doFinally(end -> running.remove(sending)).subscribe());
        }
    }

    /** Never fails: lost messages are requested again. */
    private Mono<Void> send(String to, LiveAnswerMessage message) {
        String channel = keys.cacheNode(to);
        return redis.callOne(channel, commands -> commands.publish(channel, message.encoded()))
                .timeout(TIMEOUT)
                .doOnError(e -> LOG.debug("Node {} could not be notified: {}", to, e.getMessage()))
                .onErrorComplete()
                .then();
    }

    private static String name(String token, String form) {
        return token + ':' + form;
    }

    /** The node that a token names; null if it names none and so is this node's. */
    private static @Nullable String nodeOf(String token) {
        String[] words = token.split("-", 3);
        int end = words.length == 3 ? words[2].indexOf('.') : -1;
        return end > 0 ? words[2].substring(0, end) : null;
    }
}
