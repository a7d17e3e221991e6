package dev.parley.redis;

import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a connection with a pending command on which no byte arrived for too long: the server hangs, or the network drops one direction,
 * which TCP does not report while a device on the way acknowledges. Lettuce times commands out but keeps such a connection. Its owner
 * connects again as after any other loss.
 *
 * <p>Runs on the connection's event loop. A loop that was itself delayed reads before it decides: two checks in a row have to agree.
 */
final class SilenceHandler extends ChannelDuplexHandler {

    private static final Logger LOG = LoggerFactory.getLogger(SilenceHandler.class);

    private static final int LOOKS = 8;
    private static final long BLOCK = RedisSettings.LONGEST_BLOCK.toNanos();

    private final long patience;
    private @Nullable Future<?> looking;
    private boolean asked;
    private boolean suspected;
    private long deadline;

    private SilenceHandler(RedisSettings settings) {
        this.patience = settings.probeTimeout().toNanos();
    }

    /** Adds a handler to every connection, at the place where commands are still commands and replies are still bytes. */
    static NettyCustomizer everywhere(RedisSettings settings) {
        return new NettyCustomizer() {
            @Override
            public void afterChannelInitialized(Channel channel) {
                channel.pipeline()
                        .addBefore(
                                channel.pipeline().context(CommandHandler.class).name(),
                                null,
                                new SilenceHandler(settings));
            }
        };
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        long apart = patience / LOOKS;
        looking = context.executor().scheduleWithFixedDelay(() -> look(context), apart, apart, TimeUnit.NANOSECONDS);
        context.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (looking != null) {
            looking.cancel(false);
        }
        context.fireChannelInactive();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (!asked) {
            asked = true;
            deadline = System.nanoTime() + patience + (blocks(message) ? BLOCK : 0);
        }
        var unused = context.write(message, promise);
    }

    /** XREAD is the only blocking command of Parley, on connections of its own. */
    private static boolean blocks(Object message) {
        return message instanceof RedisCommand<?, ?, ?> command && command.getType() == CommandType.XREAD;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        asked = false;
        suspected = false;
        context.fireChannelRead(message);
    }

    private void look(ChannelHandlerContext context) {
        if (asked && System.nanoTime() - deadline > 0) {
            if (suspected) {
                LOG.warn(
                        "Redis at {} does not answer: the connection is given up",
                        context.channel().remoteAddress());
                var unused = context.close();
            }
            suspected = true;
        }
    }
}
