package dev.parley.chaos;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * An agent that publishes for one conversation after the other, in an order and at a pace of chance, and insists on each event under its
 * id until it is acknowledged; only then comes the next one.
 */
abstract class Publisher implements Runnable {

    private static final long RETRY_NANOS = 50_000_000;

    private final String name;
    private final List<String> conversations;
    private final Ledger ledger;
    private final Random random;
    private final long paceNanos;
    private final Map<String, Integer> numbers = new HashMap<>();
    private volatile boolean last;

    /** @param paceNanos between two events, on average */
    Publisher(String name, List<String> conversations, Ledger ledger, Random random, long paceNanos) {
        this.name = name;
        this.conversations = conversations;
        this.ledger = ledger;
        this.random = random;
        this.paceNanos = paceNanos;
    }

    /** One try; throws when there was no answer or a passing one. */
    abstract Ledger.Answer publish(Mark mark, Random random) throws Exception;

    /** No event after the one at hand; an interrupt gives up that one, too. */
    void finish() {
        last = true;
    }

    @Override
    public void run() {
        while (!last) {
            String conversation = conversations.get(random.nextInt(conversations.size()));
            insist(new Mark(name, conversation, numbers.merge(conversation, 1, Integer::sum)));
            LockSupport.parkNanos((long) (paceNanos * 2 * random.nextDouble()));
        }
    }

    private void insist(Mark mark) {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                ledger.acknowledged(mark, publish(mark, random));
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RefusedException e) {
                ledger.refused();
                LockSupport.parkNanos(RETRY_NANOS);
            } catch (Exception e) {
                ledger.unanswered();
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }
}
