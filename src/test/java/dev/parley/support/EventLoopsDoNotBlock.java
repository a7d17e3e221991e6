package dev.parley.support;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/** Makes BlockHound watch Lettuce's event loops too: they are plain Netty threads, which it does not know as non-blocking. */
public final class EventLoopsDoNotBlock implements BlockHoundIntegration {

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.nonBlockingThreadPredicate(
                present -> present.or(thread -> thread.getName().startsWith("lettuce-epollEventLoop")
                        || thread.getName().startsWith("lettuce-nioEventLoop")));
        // Writing a log line is the one thing that may wait a moment.
        builder.allowBlockingCallsInside("ch.qos.logback.classic.Logger", "callAppenders");
        // Lettuce counts who writes to a connection under a lock that it holds for that alone, and while it reconnects.
        builder.allowBlockingCallsInside("io.lettuce.core.protocol.SharedLock", "incrementWriters");
        builder.allowBlockingCallsInside("io.lettuce.core.protocol.SharedLock", "lockWritersExclusive");
        // The same for the slots of a cluster: held while one entry of an array is set.
        builder.allowBlockingCallsInside(
                "io.lettuce.core.cluster.PooledClusterConnectionProvider", "getWriteConnection");
        builder.allowBlockingCallsInside(
                "io.lettuce.core.cluster.PooledClusterConnectionProvider", "lambda$getWriteConnection$1");
        // With TLS it reads what is trusted, a file, for each connection that it makes.
        builder.allowBlockingCallsInside(
                "io.lettuce.core.SslConnectionBuilder$SslChannelInitializer", "initializeSSLEngine");
        // Netty's allocator takes a lock for a moment when it grows.
        builder.allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator", "allocate");
        // Loads classes when a socket's first command is made.
        builder.allowBlockingCallsInside("java.lang.ClassLoader", "loadClass");
    }
}
