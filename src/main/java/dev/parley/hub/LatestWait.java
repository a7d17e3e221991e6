package dev.parley.hub;

import java.util.function.BiConsumer;
import java.util.function.Function;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * The one answer that a subscription or a repair waits for. The answer to an earlier request may already be in the mailbox when the next
 * request begins; it is dropped there. Only the mailbox's thread may begin a request; any thread may dispose of this.
 */
final class LatestWait implements Disposable {

    /** Handles an answer on the mailbox's thread, unless a later request has begun. Any thread. */
    @FunctionalInterface
    interface Answer {
        void with(String name, Runnable action);
    }

    private final Disposable.Swap latest = Disposables.swap();
    private final BiConsumer<String, Runnable> mailbox;
    private int number;

    /** @param mailbox runs a named task on its thread */
    LatestWait(BiConsumer<String, Runnable> mailbox) {
        this.mailbox = mailbox;
    }

    /**
     * Begins a request and disposes of the one before it. After {@link #dispose} a request is disposed of as soon as it has begun.
     *
     * @param request subscribes, and gives the answer
     */
    void begin(Function<Answer, Disposable> request) {
        int own = ++number;
        latest.update(request.apply((name, action) -> mailbox.accept(name, () -> {
            if (own == number && !isDisposed()) {
                action.run();
            }
        })));
    }

    @Override
    public void dispose() {
        latest.dispose();
    }

    @Override
    public boolean isDisposed() {
        return latest.isDisposed();
    }
}
