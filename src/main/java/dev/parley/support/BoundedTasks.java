package dev.parley.support;

import java.util.concurrent.Semaphore;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** Background work that no caller waits for: bounded in number, and cancelled with its owner. Thread-safe. */
public final class BoundedTasks implements Disposable {

    private final Semaphore free;
    private final Disposable.Composite running = Disposables.composite();

    /** @param most maximum concurrent tasks */
    public BoundedTasks(int most) {
        this.free = new Semaphore(most);
    }

    /**
     * Begins a task.
     *
     * @param work reports its errors itself
     * @return whether it has begun: not if there are too many already, or this is disposed of
     */
    public boolean begin(Mono<?> work) {
        if (!free.tryAcquire()) {
            return false;
        }
        Disposable.Swap one = Disposables.swap();
        if (!running.add(one)) {
            free.release();
            return false;
        }
        one.update(work.doFinally(end -> {
                    running.remove(one);
                    free.release();
                })
                .onErrorComplete()
                .subscribe());
        return true;
    }

    @Override
    public void dispose() {
        running.dispose();
    }

    @Override
    public boolean isDisposed() {
        return running.isDisposed();
    }
}
