package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Access;
import dev.parley.error.ParleyException;
import dev.parley.hub.Delivery;
import dev.parley.hub.FollowContract;
import dev.parley.hub.FrameBrief;
import dev.parley.hub.Hub;
import dev.parley.hub.Subscriber;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import reactor.core.publisher.Mono;

/** A socket's way to follow a conversation: the direct subscriber, its outbox, and a channel. */
final class SocketFollowTest extends FollowContract {

    /** What its channel writes is what it has received, unless it stops reading: then that stays in the channel's buffer. */
    private static final class SocketFollower extends EmbeddedChannel implements Follower {
        private final EmbeddedChannel client = new EmbeddedChannel(new WebSocket13FrameDecoder(false, false, 1 << 24));
        private final List<String> end = new ArrayList<>();
        private final Outbox outbox;
        private final SocketSubscription subscription;
        private boolean reads = true;

        SocketFollower() {
            super(new WebSocket13FrameEncoder(false));
            outbox = new Outbox(this, new WriteCoalescer(eventLoop()), LIMIT, this::overflow);
            pipeline().addFirst(new IdleMonitor(eventLoop().ticker(), outbox::drain));
            subscription = new SocketSubscription(
                    outbox,
                    null,
                    (self, refusal) -> end.add("refused:" + refusal.code().wire()));
        }

        /** As a socket does: it leaves, and closes. */
        private void overflow() {
            end.add("slow");
            subscription.dispose();
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer in) throws Exception {
            if (reads) {
                super.doWrite(in);
            }
        }

        @Override
        public List<String> news() {
            runPendingTasks();
            List<String> news = new ArrayList<>();
            for (ByteBuf buffer; (buffer = readOutbound()) != null; ) {
                assertThat(client.writeInbound(buffer)).isTrue();
                for (TextWebSocketFrame frame; (frame = client.readInbound()) != null; frame.release()) {
                    if (!frame.text().startsWith("{\"type\":\"error\"")) {
                        news.add(FrameBrief.of(frame.text()));
                    }
                }
            }
            news.addAll(end);
            end.clear();
            return news;
        }

        @Override
        public void stopReading() {
            reads = false;
        }

        @Override
        public void readAgain() {
            reads = true;
            flush();
            runPendingTasks();
        }

        @Override
        public void leave() {
            subscription.dispose();
        }
    }

    /** Its conversation runs on the test's thread: an embedded channel's event loop runs only when it is told to. */
    private record OnThisThread(SocketSubscription to) implements Subscriber {

        @Override
        public Executor loop() {
            return Runnable::run;
        }

        @Override
        public void offer(Delivery delivery) {
            to.offer(delivery);
        }

        @Override
        public void offerEphemeral(Delivery.Event event) {
            to.offerEphemeral(event);
        }

        @Override
        public void refused(ParleyException refusal) {
            to.refused(refusal);
        }

        @Override
        public boolean hasRoom() {
            return to.hasRoom();
        }

        @Override
        public Mono<Void> room() {
            return to.room();
        }
    }

    private final List<SocketFollower> followers = new ArrayList<>();

    @Override
    protected Follower follow(Hub conversations, @Nullable String since, Access access) {
        SocketFollower follower = new SocketFollower();
        followers.add(follower);
        Subscriber subscriber = new OnThisThread(follower.subscription);
        follower.subscription.seated(conversations.subscribe("c", subscriber, access, null, since));
        return follower;
    }

    @AfterEach
    void close() {
        followers.forEach(follower -> {
            follower.readAgain();
            boolean unused = follower.finishAndReleaseAll();
            boolean unusedToo = follower.client.finishAndReleaseAll();
        });
    }
}
