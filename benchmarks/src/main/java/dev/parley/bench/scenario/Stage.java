package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.measure.Watched;
import dev.parley.bench.subject.Launch;
import dev.parley.bench.subject.RedisServer;
import dev.parley.bench.subject.Subject;
import dev.parley.bench.subject.Systems;
import io.netty.channel.EventLoop;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** One round's system, sockets and publisher. The system is started when it is first asked for. */
public final class Stage implements AutoCloseable {

    private final EventLoop loop;
    private final long loopThread;
    private final String system;
    private final RedisServer redis;
    private final Launch launch;
    private final int nodes;
    private final Progress progress;
    private final List<Publisher> publishers = new ArrayList<>();
    private final List<Fleet> fleets = new ArrayList<>();
    private @Nullable Subject subject;

    public Stage(EventLoop loop, String system, RedisServer redis, Launch launch, int nodes, Progress progress) {
        this.loop = loop;
        this.loopThread = loop.submit(() -> Thread.currentThread().getId())
                .syncUninterruptibly()
                .getNow();
        this.system = system;
        this.redis = redis;
        this.launch = launch;
        this.nodes = nodes;
        this.progress = progress;
    }

    /** Blocks when the system has to be started. */
    public Subject subject() {
        if (subject == null) {
            progress.say("starting " + system);
            subject = Systems.start(system, redis, launch, nodes);
        }
        return subject;
    }

    RedisServer redis() {
        return redis;
    }

    EventLoop loop() {
        return loop;
    }

    Progress progress() {
        return progress;
    }

    /** The system's processes, and this one. */
    List<Watched> processes() {
        List<Watched> all = new ArrayList<>(subject().processes());
        all.add(new Watched("client", ProcessHandle.current().pid()));
        return all;
    }

    /** Events of a run that has not been there before. */
    static Events events(Settings settings) {
        return new Events(ThreadLocalRandom.current().nextInt(1, 0x10000), settings.bytes());
    }

    Publisher publisher(Settings settings, Plan plan, Events events) {
        Publisher publisher =
                new Publisher(loop, subject().outlets(settings.via()), plan, events, settings.conversations());
        publishers.add(publisher);
        return publisher;
    }

    Fleet fleet(Events events, Publisher publisher) {
        Subject running = subject();
        Fleet fleet = new Fleet(
                loop, running.nodes(), running.dialect(), events.run(), events::conversation, publisher::published);
        fleets.add(fleet);
        return fleet;
    }

    /** CPU-seconds of the one thread that makes the load and reads what comes. */
    double loopSeconds() {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(loopThread) / 1e9;
    }

    @Override
    public void close() {
        publishers.forEach(Publisher::close);
        for (Fleet fleet : fleets) {
            fleet.close();
        }
        if (subject != null) {
            subject.close();
        }
    }
}
