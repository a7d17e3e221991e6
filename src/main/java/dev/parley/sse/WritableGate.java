package dev.parley.sse;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Lets one at a time wait until a channel takes more. All of it on the channel's event loop. */
final class WritableGate extends ChannelInboundHandlerAdapter {

    private final Channel channel;
    private Sinks.@Nullable Empty<Void> waiting;

    WritableGate(Channel channel) {
        this.channel = channel;
    }

    /** Completes when the channel takes more. Not at all when it is closed before: then whoever waits is cancelled. */
    Mono<Void> writable() {
        return Mono.defer(() -> {
            if (channel.isWritable()) {
                return Mono.empty();
            }
            Sinks.Empty<Void> one = Sinks.empty();
            waiting = one;
            return one.asMono();
        });
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
        Sinks.Empty<Void> one = waiting;
        if (one != null && channel.isWritable()) {
            waiting = null;
            // It may have been cancelled, which needs no answer.
            var unused = one.tryEmitEmpty();
        }
        super.channelWritabilityChanged(context);
    }
}
