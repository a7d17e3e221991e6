package dev.parley.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PublisherTest {

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

    /** Takes what is sent and never answers. */
    private ServerSocket server;

    @BeforeEach
    void aServer() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void end() throws IOException {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void deliveriesOnTheirWayAreCountedByEachConversationsSockets() {
        int[] sockets = {2, 1};
        AtomicLong delivered = new AtomicLong();
        Publisher publisher = new Publisher(
                (EventLoop) loops.next(),
                List.of(outlet(Outlet.Protocol.REDIS)),
                Plan.inTurn(2),
                new Events(1, 200),
                2);
        publisher.push(10, conversation -> sockets[conversation], delivered::get);
        awaitSent(publisher, 7);
        assertThat(publisher.sent()).as("2 + 1 + 2 + 1 + 2 + 1 + 2 deliveries").isEqualTo(7);

        delivered.set(4);
        awaitSent(publisher, 9);
        publisher.stop();
        assertThat(publisher.sent()).as("and 1 + 2").isEqualTo(9);
        publisher.close();
    }

    /** A gateway ends a connection that is further ahead of its answers than that. */
    @Test
    void aConnectionHasSoManyHttpRequestsUnderWayAndNoMore() {
        Publisher publisher = new Publisher(
                (EventLoop) loops.next(), List.of(outlet(Outlet.Protocol.HTTP)), Plan.inTurn(2), new Events(1, 200), 2);
        publisher.push(1_000, conversation -> 1, () -> 0);
        awaitSent(publisher, 100);
        publisher.stop();
        assertThat(publisher.sent()).isEqualTo(100);
        publisher.close();
    }

    private static void awaitSent(Publisher publisher, long events) {
        while (publisher.sent() < events) {
            Thread.onSpinWait();
        }
    }

    private Outlet outlet(Outlet.Protocol protocol) {
        return new Outlet() {
            @Override
            public InetSocketAddress address() {
                return (InetSocketAddress) server.getLocalSocketAddress();
            }

            @Override
            public Protocol protocol() {
                return protocol;
            }

            @Override
            public Template template(Events events, int conversation) {
                return Template.command("PUBLISH", "channel", events.event(conversation));
            }
        };
    }
}
