package dev.parley.support;

import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.LoggerFactory;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingMethod;
import reactor.blockhound.BlockingOperationError;
import reactor.blockhound.integration.BlockHoundIntegration;

/** Makes BlockHound watch Lettuce's event loops too: they are plain Netty threads, which it does not know as non-blocking. */
public final class EventLoopsDoNotBlock implements BlockHoundIntegration {

    private static final String LOCK = ReentrantLock.class.getName();
    private static final Set<String> ACQUIRING = Set.of("lock", "lockInterruptibly");

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.nonBlockingThreadPredicate(
                present -> present.or(thread -> thread.getName().startsWith("lettuce-epollEventLoop")
                        || thread.getName().startsWith("lettuce-nioEventLoop")));
        // Writing a log line is the one thing that may wait a moment.
        builder.allowBlockingCallsInside("ch.qos.logback.classic.Logger", "callAppenders");
        builder.blockingMethodCallback(EventLoopsDoNotBlock::judge);
        // With TLS it reads what is trusted, a file, for each connection that it makes.
        builder.allowBlockingCallsInside(
                "io.lettuce.core.SslConnectionBuilder$SslChannelInitializer", "initializeSSLEngine");
        // So does PostgreSQL's driver, on a loop that serves nothing else.
        builder.allowBlockingCallsInside("io.r2dbc.postgresql.client.ReactorNettyClient", "registerSslHandler");
        // Random bytes of the system, which never waits for more of them.
        builder.allowBlockingCallsInside("com.ongres.scram.common.ScramFunctions", "nonce");
        // Netty's allocator takes a lock for a moment when it grows.
        builder.allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator", "allocate");
        // A timer that is cancelled leaves its scheduler's queue under a lock that is held for moments. Reactor's own
        // list of those who
        // cancel has a gap (Flux.interval's); an error there is never forgotten by the lock, and that scheduler stands
        // still.
        builder.allowBlockingCallsInside("java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "remove");
        // Loads classes when a socket's first command is made.
        builder.allowBlockingCallsInside("java.lang.ClassLoader", "loadClass");
    }

    /** What blocks is told, since whoever called may keep the error to himself: Lettuce takes a connection for lost. */
    private static void judge(BlockingMethod method) {
        if (!locksForAMoment()) {
            BlockingOperationError error = new BlockingOperationError(method);
            // Not before: this class is loaded ahead of everything that a log may be set up with.
            LoggerFactory.getLogger(EventLoopsDoNotBlock.class).error("An event loop is blocked", error);
            throw error;
        }
    }

    /**
     * Libraries keep their state under locks that they hold for moments, and two event loops may meet there. BlockHound does not see those
     * that are {@code synchronized} at all; a {@link ReentrantLock} is the same. Parley's own code takes none; one that it took would count.
     */
    private static boolean locksForAMoment() {
        return StackWalker.getInstance()
                .walk(frames -> frames.dropWhile(frame ->
                                !frame.getClassName().equals(LOCK) || !ACQUIRING.contains(frame.getMethodName()))
                        .dropWhile(frame -> frame.getClassName().equals(LOCK))
                        .findFirst()
                        .map(StackWalker.StackFrame::getClassName)
                        .filter(owner -> !owner.startsWith("dev.parley."))
                        .isPresent());
    }
}
