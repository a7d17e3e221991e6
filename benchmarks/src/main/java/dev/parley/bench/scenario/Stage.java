package dev.parley.bench.scenario;

import dev.parley.bench.client.Callers;
import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.measure.Watched;
import dev.parley.bench.subject.Launch;
import dev.parley.bench.subject.PostgresServer;
import dev.parley.bench.subject.RedisServer;
import dev.parley.bench.subject.Subject;
import dev.parley.bench.subject.Systems;
import io.netty.channel.EventLoop;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** One round's system, sockets and publisher. The system is started when it is first asked for. */
public final class Stage implements AutoCloseable {

    private final EventLoop loop;
    private final long loopThread;
    private final String system;
    private final @Nullable RedisServer redis;
    private final @Nullable PostgresServer record;
    private final Phase phase;
    private final Progress progress;
    private final List<Publisher> publishers = new ArrayList<>();
    private final List<Fleet> fleets = new ArrayList<>();
    private final List<Callers> callers = new ArrayList<>();
    private Launch launch;
    private @Nullable Subject subject;

    /**
     * @param redis null for a gateway that is there, of which it is not known
     * @param record a PostgreSQL that the gateway gets as its record; null for none, or for one of the settings'
     */
    public Stage(
            EventLoop loop,
            String system,
            @Nullable RedisServer redis,
            @Nullable PostgresServer record,
            Launch launch,
            Phase phase,
            Progress progress) {
        this.loop = loop;
        this.loopThread = loop.submit(() -> Thread.currentThread().getId())
                .syncUninterruptibly()
                .getNow();
        this.system = system;
        this.redis = redis;
        this.record = record;
        this.launch = record == null ? launch : launch.with(record.settings());
        this.phase = phase;
        this.progress = progress;
    }

    /** Blocks when the system has to be started. */
    public Subject subject() {
        if (subject == null) {
            progress.say("starting " + system);
            subject = Systems.start(system, redis, launch, phase.settings().nodes());
        }
        return subject;
    }

    /** What this phase is called. */
    String phase() {
        return phase.name();
    }

    /** What the gateway is to be started with for this phase, {@code key=value}; what the run was given goes before it. */
    void set(List<String> settings) {
        if (launch.gateway() != null) {
            throw new IllegalArgumentException(
                    phase() + " starts the gateway with settings of its own: leave out --gateway");
        }
        launch = launch.with(settings);
    }

    RedisServer redis() {
        if (redis == null) {
            throw new IllegalStateException("no Redis was named");
        }
        return redis;
    }

    /** Whether it is known which Redis the gateway has. */
    boolean hasRedis() {
        return redis != null;
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
        if (record != null) {
            all.add(record.process());
        }
        all.add(client());
        return all;
    }

    /** This process. */
    static Watched client() {
        return new Watched("client", ProcessHandle.current().pid());
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
        return fleet(events, publisher::published);
    }

    /** @param published how many events of a conversation have been sent so far; called on the loop */
    Fleet fleet(Events events, IntUnaryOperator published) {
        Subject running = subject();
        Fleet fleet =
                new Fleet(loop, running.nodes(), running.dialect(), events.run(), events::conversation, published);
        fleets.add(fleet);
        return fleet;
    }

    /** Sockets that call. Blocks until they may. */
    Callers callers(Settings settings, Events events, int sessions) {
        Callers all = new Callers(loop, subject().nodes(), settings.sockets(), events, sessions);
        callers.add(all);
        return all;
    }

    /** Whether sessions have a record, so that none of their messages is dropped. */
    boolean hasRecord() {
        return sets("postgres.url");
    }

    /** Whether a gateway that is started here finds what is not in its distribution. */
    boolean hasExtension(String jar) {
        return launch.hasExtension(jar);
    }

    /** Whether it is not one that is there already, with its own settings. */
    boolean startsTheGateway() {
        return launch.gateway() == null;
    }

    /** Whether the run was given this setting. */
    boolean sets(String key) {
        return launch.sets(key);
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
        callers.forEach(Callers::close);
        if (subject != null) {
            subject.close();
        }
    }
}
