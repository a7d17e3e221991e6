package dev.parley.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.client.AtOnce;
import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Plan;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class DeliveriesTest {

    @Test
    void allThatWasSentHasCome() {
        assertThat(problems(new Deliveries(9, 9, 0, 0, 0, 0, 0, 0), Via.STREAM)).isEmpty();
    }

    @Test
    void aGapIsAFailureThoughItsSnapshotHasAllEvents() {
        Deliveries gap = new Deliveries(9, 9, 0, 0, 0, 1, 0, 0);
        assertThat(problems(gap, Via.STREAM)).singleElement().asString().contains("gap");
        assertThat(problems(gap, Via.HTTP)).hasSize(1);
        assertThat(problems(gap, Via.PUBSUB)).isEmpty();
    }

    @Test
    void aSocketThatHasEndedIsAProblemThoughNobodySaidSo() {
        assertThat(problems(new Deliveries(9, 9, 0, 0, 0, 0, 0, 2), Via.PUBSUB))
                .containsExactly("2 sockets were closed");
    }

    /** A server that ends sockets by a FIN, without a close frame. */
    @Test
    @Timeout(30)
    void aSocketThatEndsWithoutACloseFrameIsCounted() throws Exception {
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        EventLoop loop = (EventLoop) loops.next();
        Events events = new Events(1, 200);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> end = new CompletableFuture<>();
            CompletableFuture<Void> served = CompletableFuture.runAsync(() -> serve(server, end));
            InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
            Fleet fleet = new Fleet(loop, List.of(address), new AtOnce(), 1, events::conversation, conversation -> 0);
            Publisher publisher = new Publisher(loop, List.of(), Plan.inTurn(1), events, 0);
            fleet.open(1, 1);
            assertThat(problems(Deliveries.of(fleet, publisher, 1), Via.STREAM)).isEmpty();

            end.complete(null);
            served.join();
            while (fleet.following() > 0) {
                Thread.onSpinWait();
            }
            assertThat(fleet.problems()).isEmpty();
            assertThat(problems(Deliveries.of(fleet, publisher, 1), Via.STREAM))
                    .containsExactly("1 sockets were closed");
            fleet.close();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private static void serve(ServerSocket server, CompletableFuture<Void> end) {
        try (Socket socket = server.accept()) {
            BufferedReader head =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            String line = head.readLine();
            while (line != null && !line.isEmpty()) {
                line = head.readLine();
            }
            socket.getOutputStream()
                    .write("HTTP/1.1 101 Switching Protocols\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            end.join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatIsLostIsAFailureWhereItWasDurable() {
        Deliveries lost = new Deliveries(9, 8, 1, 0, 0, 0, 0, 0);
        assertThat(problems(lost, Via.STREAM)).hasSize(1);
        assertThat(problems(lost, Via.PUBSUB)).isEmpty();
    }

    private static List<String> problems(Deliveries deliveries, Via via) {
        Round round = new Round();
        deliveries.report(round, via);
        return round.problems();
    }
}
