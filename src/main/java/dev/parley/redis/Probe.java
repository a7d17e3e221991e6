package dev.parley.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.parley.support.LatestSubscription;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** A channel of this node's own, on one master: this node must receive what it publishes there. Thread-safe. */
final class Probe implements LiveChannels.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(Probe.class);

    private final String master;
    private final Redis redis;
    private final PubSub pubSub;
    private final String channel;
    private final @Nullable AclRights rights;
    private final Runnable changed;
    private final LatestSubscription publishing = new LatestSubscription();
    private long sent;
    private long heard;
    private long heardAt;
    private boolean underWay;
    private boolean again;
    private long underWaySince;
    private boolean unheard;
    private long unheardSince;
    private boolean suspected;
    private @Nullable String silent;

    /**
     * @param rights tried before each probe is published; null if another probe of the master tries them
     * @param changed run when the master has answered or failed to; on any thread
     */
    Probe(String master, Redis redis, PubSub pubSub, String channel, @Nullable AclRights rights, Runnable changed) {
        this.master = master;
        this.redis = redis;
        this.pubSub = pubSub;
        this.channel = channel;
        this.rights = rights;
        this.changed = changed;
    }

    void open() {
        Mono<Void> unused = pubSub.subscribe(channel, this);
    }

    void close() {
        publishing.dispose();
        pubSub.unsubscribe(channel);
    }

    String master() {
        return master;
    }

    String channel() {
        return channel;
    }

    /** Publishes the next probe if the last one was answered, and has a silent connection replaced. */
    void beat(Duration timeout) {
        long now = System.nanoTime();
        if (waits(now, timeout)) {
            changed.run();
        } else {
            next();
        }
        if (deaf(now, timeout)) {
            LOG.warn(
                    "Messages published at {} did not arrive for {} ms: the Pub/Sub connection is replaced",
                    master,
                    timeout.toMillis());
            pubSub.replace(channel);
        }
    }

    /** Whether the last probe has not been answered for too long. */
    private synchronized boolean waits(long now, Duration timeout) {
        if (underWay && now - underWaySince > timeout.toNanos()) {
            silent = "does not answer: nothing for "
                    + Duration.ofNanos(now - underWaySince).toMillis() + " ms";
        }
        return underWay;
    }

    private void next() {
        byte[] message;
        synchronized (this) {
            if (underWay) {
                return;
            }
            underWay = true;
            underWaySince = System.nanoTime();
            message = Long.toString(++sent).getBytes(US_ASCII);
        }
        Mono<Long> publish = redis.unguarded(commands ->
                        pubSub.sharded() ? commands.spublish(channel, message) : commands.publish(channel, message))
                .next();
        Mono<Void> trial = rights == null ? Mono.empty() : rights.check();
        publishing.begin(() -> trial.then(publish).subscribe(receivers -> answered(), error -> failed(why(error))));
    }

    private String why(Throwable error) {
        String message = Redis.rootMessage(error);
        return Redis.isDenied(error)
                ? "refuses " + (pubSub.sharded() ? "SPUBLISH" : "PUBLISH") + " on " + channel + ": " + message
                : "does not answer: " + message;
    }

    private void answered() {
        boolean goOn;
        synchronized (this) {
            underWay = false;
            goOn = again;
            again = false;
            silent = null;
            if (sent > heard && !unheard) {
                unheard = true;
                unheardSince = underWaySince;
            }
        }
        changed.run();
        if (goOn) {
            next();
        }
    }

    private void failed(String why) {
        synchronized (this) {
            underWay = false;
            silent = why;
        }
        changed.run();
    }

    /**
     * Whether probes do not arrive. Two checks in a row have to agree: a node that was itself delayed first receives what has arrived
     * meanwhile.
     */
    private synchronized boolean deaf(long now, Duration timeout) {
        boolean late = unheard && now - unheardSince > timeout.toNanos();
        boolean deaf = late && suspected;
        suspected = late && !deaf;
        if (deaf) {
            unheard = false;
        }
        return deaf;
    }

    @Override
    public synchronized void message(String from, byte[] message) {
        heard = Long.parseLong(new String(message, US_ASCII));
        heardAt = System.nanoTime();
        unheard = false;
        suspected = false;
    }

    /** Publishes another probe immediately: earlier ones could not be received. */
    @Override
    public void acknowledged() {
        if (rights != null) {
            rights.again();
        }
        synchronized (this) {
            unheard = false;
            again = underWay;
            if (again) {
                return;
            }
        }
        next();
    }

    /** The reason for which the master accepts no probes; null while it does. */
    synchronized @Nullable String silent() {
        return silent;
    }

    /** What the master rejects of a purpose, as far as this probe tries it. */
    @Nullable
    String refused(String whose) {
        return rights == null ? null : rights.refused(whose);
    }

    /** Whether a probe was received within that time. */
    synchronized boolean heardWithin(Duration time) {
        return heard > 0 && System.nanoTime() - heardAt <= time.toNanos();
    }
}
