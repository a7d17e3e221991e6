package dev.parley.bench.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import java.net.InetSocketAddress;
import java.net.URI;

/** A connection to a gateway whose handler gets frames that are whole. */
final class WholeFrames {

    private static final int LARGEST_FRAME = 64 << 20;
    private static final int LARGEST_HEAD = 8 * 1024;

    private WholeFrames() {}

    /** Blocks until it is connected; the WebSocket is opened then. */
    static Channel connect(EventLoop loop, InetSocketAddress node, ChannelHandler handler) {
        URI uri = URI.create("ws://" + node.getHostString() + ":" + node.getPort() + "/v1/ws");
        return new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline()
                                .addLast(
                                        new HttpClientCodec(),
                                        new HttpObjectAggregator(LARGEST_HEAD),
                                        new WebSocketClientProtocolHandler(
                                                WebSocketClientHandshakerFactory.newHandshaker(
                                                        uri,
                                                        WebSocketVersion.V13,
                                                        "parley.v1",
                                                        false,
                                                        new DefaultHttpHeaders(),
                                                        LARGEST_FRAME)),
                                        new WebSocketFrameAggregator(LARGEST_FRAME),
                                        handler);
                    }
                })
                .connect(node)
                .syncUninterruptibly()
                .channel();
    }
}
