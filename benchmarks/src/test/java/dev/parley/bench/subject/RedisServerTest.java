package dev.parley.bench.subject;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.Watched;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RedisServerTest {

    @TempDir
    Path directory;

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private RedisServer server;
    private RedisClient client;
    private StatefulRedisConnection<String, String> admin;

    @BeforeEach
    void aServer() {
        server = RedisServer.own(directory, false);
        client = RedisClient.create(server.uri());
        admin = client.connect();
    }

    @AfterEach
    void end() {
        client.shutdown(0, 1, TimeUnit.SECONDS);
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void thePublisherComesWithThePasswordOfTheAddress() throws InterruptedException {
        admin.sync().configSet("requirepass", "secret");

        publishes("redis://:secret@" + address());
    }

    @Test
    void thePublisherComesAsTheUserOfTheAddress() throws InterruptedException {
        admin.sync()
                .aclSetuser(
                        "bench",
                        AclSetuserArgs.Builder.on()
                                .addPassword("secret")
                                .allKeys()
                                .allCommands());
        admin.sync().aclSetuser("default", AclSetuserArgs.Builder.off());

        publishes("redis://bench:secret@" + address());
    }

    @Test
    void itIsWatchedWhereItRuns() {
        assertThat(RedisServer.at(server.uri()).processes())
                .extracting(Watched::role)
                .containsExactly("redis");
    }

    private String address() {
        return server.uri().substring("redis://".length());
    }

    private void publishes(String uri) throws InterruptedException {
        RedisServer there = RedisServer.at(uri);
        Publisher publisher = new Publisher(
                (EventLoop) loops.next(),
                there.outlets(
                        1,
                        (events, conversation) ->
                                Template.command("XADD", "stream", "*", "event", events.event(conversation))),
                Plan.inTurn(1),
                new Events(1, 200),
                1);
        publisher.send(5, 5);

        assertThat(publisher.refusal()).isNull();
        assertThat(publisher.replies()).isEqualTo(5);
        assertThat(admin.sync().xlen("stream")).isEqualTo(5);
        publisher.close();
    }
}
