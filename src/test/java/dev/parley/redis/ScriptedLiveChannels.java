package dev.parley.redis;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Live channels without Redis: the test acknowledges subscriptions and publishes, and its thread calls the listeners. */
public final class ScriptedLiveChannels implements LiveChannels {

    private record Subscription(Listener listener, Sinks.Empty<Void> acknowledged) {}

    private final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();

    @Override
    public Mono<Void> subscribe(String channel, Listener listener) {
        Subscription subscription = new Subscription(listener, Sinks.empty());
        if (subscriptions.putIfAbsent(channel, subscription) != null) {
            throw new IllegalStateException("there is a listener on " + channel + " already");
        }
        return subscription.acknowledged.asMono();
    }

    @Override
    public void unsubscribe(String channel) {
        if (subscriptions.remove(channel) == null) {
            throw new IllegalStateException("there is no listener on " + channel);
        }
    }

    /** Channels that are subscribed to now. */
    public Set<String> channels() {
        return Set.copyOf(subscriptions.keySet());
    }

    /** Acknowledges the subscription to a channel: the first time, or again as after a reconnect. Fails the test when there is none. */
    public void acknowledge(String channel) {
        Subscription subscription = subscriptions.get(channel);
        if (subscription == null) {
            throw new AssertionError("nobody is subscribed to " + channel + ", only to " + subscriptions.keySet());
        }
        // The second time it has completed already.
        Sinks.EmitResult unused = subscription.acknowledged.tryEmitEmpty();
        subscription.listener.acknowledged();
    }

    /** Publishes; a message on a channel without a listener reaches nobody, as with Redis. */
    public void publish(String channel, byte[] message) {
        Subscription subscription = subscriptions.get(channel);
        if (subscription != null) {
            subscription.listener.message(channel, message);
        }
    }
}
