package dev.parley.bench;

import dev.parley.bench.result.Round;
import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Progress;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Stage;
import dev.parley.bench.subject.Launch;
import dev.parley.bench.subject.PostgresServer;
import dev.parley.bench.subject.RedisServer;
import dev.parley.bench.subject.Tree;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where rounds take place: each on a Redis and a system that have just been started, unless others were named. What they wrote into the
 * launch's directory goes when it is closed.
 */
final class Lab implements AutoCloseable {

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Launch launch;
    private final boolean postgres;
    private final Progress progress;

    /** @param postgres whether each round has a PostgreSQL, too */
    Lab(Launch launch, boolean postgres, Progress progress) {
        this.launch = launch;
        this.postgres = postgres;
        this.progress = progress;
        // One that is interrupted leaves nothing behind either: its servers are killed at the same time.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Tree.delete(launch.directory())));
    }

    /** @param versions of what took part are put here */
    Round round(String system, Scenario scenario, Phase phase, Map<String, String> versions)
            throws InterruptedException {
        EventLoop loop = (EventLoop) loops.next();
        if (launch.gateway() != null && !scenario.gateway().isEmpty()) {
            progress.say("this is for a gateway with " + String.join(" ", scenario.gateway()));
        }
        try (RedisServer redis = redis(system, scenario);
                PostgresServer record = postgres ? PostgresServer.start(launch.directory()) : null;
                Stage stage =
                        new Stage(loop, system, redis, record, launch.with(scenario.gateway()), phase, progress)) {
            Round round = scenario.run(stage, phase.settings());
            versions.putAll(stage.subject().versions());
            return round;
        }
    }

    /** A gateway that is there has one already; where it is not named, nothing is published by it. */
    private @Nullable RedisServer redis(String system, Scenario scenario) {
        if (launch.redis() != null) {
            return RedisServer.at(launch.redis());
        }
        return launch.gateway() != null && system.equals("parley")
                ? null
                : RedisServer.own(launch.directory(), scenario.redisKeepsData());
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        if (!Tree.delete(launch.directory())) {
            progress.say("not all of " + launch.directory() + " could be deleted");
        }
    }
}
