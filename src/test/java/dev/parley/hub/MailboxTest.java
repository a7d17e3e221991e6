package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MailboxTest {

    /** An event loop that is turned by hand. */
    private final Queue<Runnable> loop = new ArrayDeque<>();

    private final List<String> handled = new ArrayList<>();
    private final Mailbox<String> mailbox = new Mailbox<>(loop::add, MailboxTest::size, this::handle, 100);

    private static int size(String item) {
        return item.endsWith(" bytes") ? Integer.parseInt(item.substring(0, item.length() - 6)) : 0;
    }

    private void handle(String item) {
        if (item.equals("slow")) {
            work(60_000_000);
        }
        handled.add(item);
        if (item.startsWith("again ")) {
            mailbox.add(item.substring(6));
        }
        if (item.equals("fails")) {
            throw new IllegalStateException("as it should in this test");
        }
        if (item.equals("fails badly")) {
            throw new AssertionError("as it should in this test");
        }
    }

    /** Takes its time, as work does: an event loop must not wait, not even spinning. */
    private static void work(long nanos) {
        long now = System.nanoTime();
        for (long end = now + nanos; now - end < 0; ) {
            now = System.nanoTime();
        }
    }

    private void turn() {
        loop.remove().run();
    }

    @Test
    void whatCameBeforeATurnIsHandledInItInOrder() {
        mailbox.add("1");
        mailbox.add("2");
        assertThat(handled).as("nothing is done where it is added").isEmpty();
        assertThat(loop).as("one turn for both").hasSize(1);
        turn();
        assertThat(handled).containsExactly("1", "2");
        assertThat(loop).isEmpty();
    }

    @Test
    void whatComesDuringATurnGetsTheNextOneBehindTheOthers() {
        List<String> others = new ArrayList<>();
        mailbox.add("again 3");
        mailbox.add("2");
        loop.add(() -> others.addAll(handled));
        turn();
        assertThat(handled).containsExactly("again 3", "2");
        turn();
        assertThat(others).containsExactly("again 3", "2");
        turn();
        assertThat(handled).containsExactly("again 3", "2", "3");
        assertThat(loop).isEmpty();
    }

    @Test
    void aTurnEndsInTimeAndTheRestGetsTheNext() {
        mailbox.add("slow");
        for (int i = 1; i < 40; i++) {
            mailbox.add("" + i);
        }
        assertThat(mailbox.addIfRoom("100 bytes")).isTrue();
        turn();
        assertThat(handled).first().isEqualTo("slow");
        assertThat(handled).doesNotContain("39");
        assertThat(mailbox.addIfRoom("1 bytes")).as("what is left still counts").isFalse();
        turn();
        assertThat(handled).hasSize(41).doesNotHaveDuplicates().last().isEqualTo("100 bytes");
        assertThat(loop).isEmpty();
    }

    @Test
    void theLoopReadsItsSocketsBetweenTurns() throws Exception {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            AtomicInteger done = new AtomicInteger();
            CompletableFuture<Integer> doneWhenRead = new CompletableFuture<>();
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelRead(ChannelHandlerContext context, Object read) {
                            ReferenceCountUtil.release(read);
                            doneWhenRead.complete(done.get());
                        }
                    })
                    .bind("127.0.0.1", 0)
                    .sync()
                    .channel();
            InetSocketAddress address = (InetSocketAddress) server.localAddress();
            try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                CountDownLatch begun = new CountDownLatch(1);
                Mailbox<String> busy = new Mailbox<>(
                        group.next(),
                        MailboxTest::size,
                        item -> {
                            work(4_000_000);
                            done.incrementAndGet();
                            begun.countDown();
                        },
                        100);
                for (int i = 0; i < 400; i++) {
                    busy.add("" + i);
                }
                begun.await();
                client.getOutputStream().write(1);
                assertThat(doneWhenRead.get(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS))
                        .isLessThan(100);
                Await.until("all is handled", () -> done.get() == 400);
            }
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void whatFailsStopsNothing() {
        mailbox.add("fails");
        mailbox.add("2");
        turn();
        mailbox.add("fails badly");
        mailbox.add("4");
        turn();
        assertThat(handled).containsExactly("fails", "2", "fails badly", "4");
    }

    @Test
    void whatMayBeDroppedIsTakenWhileThereIsRoom() {
        assertThat(mailbox.addIfRoom("60 bytes")).isTrue();
        assertThat(mailbox.addIfRoom("41 bytes")).isFalse();
        assertThat(mailbox.addIfRoom("40 bytes")).isTrue();
        mailbox.add("must be told");
        turn();
        assertThat(handled).containsExactly("60 bytes", "40 bytes", "must be told");
        assertThat(mailbox.addIfRoom("100 bytes")).isTrue();
        turn();
        assertThat(handled).last().isEqualTo("100 bytes");
        assertThat(loop).isEmpty();
    }

    @Test
    void aLoopThatHasEndedIsNoErrorOfWhoeverTells() {
        Mailbox<String> late = new Mailbox<>(
                task -> {
                    throw new RejectedExecutionException("the loop has ended");
                },
                MailboxTest::size,
                this::handle,
                100);
        late.add("1");
        assertThat(handled).isEmpty();
    }
}
