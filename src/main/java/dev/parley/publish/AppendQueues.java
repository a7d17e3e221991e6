package dev.parley.publish;

import dev.parley.resilience.OutageQueue;
import dev.parley.store.EventStore;
import io.lettuce.core.cluster.SlotHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A publisher's lanes, each made when it is first needed: a few where one server has everything, and on a cluster one for each slot. So
 * what a lane has is one master's, whichever that is now, and neither waits for another master nor is held with it. Slots move between
 * masters and conversations don't move between slots: a conversation takes the same lane for ever. Thread-safe.
 */
final class AppendQueues {

    private static final int WITHOUT_CLUSTER = 4;

    private final EventStore log;
    private final QueueListener listener;
    private final OutageQueue<AppendQueue.Waiting> queue;
    private final QueueCounts counts;
    private final AtomicReferenceArray<@Nullable AppendQueue> lanes;
    private final MasterBulkhead turns = new MasterBulkhead();
    private final Set<String> away = ConcurrentHashMap.newKeySet();
    private boolean closed;

    AppendQueues(EventStore log, QueueListener listener, OutageQueue<AppendQueue.Waiting> queue, QueueCounts counts) {
        this.log = log;
        this.listener = listener;
        this.queue = queue;
        this.counts = counts;
        this.lanes = new AtomicReferenceArray<>(log.sharded() ? SlotHash.SLOT_COUNT : WITHOUT_CLUSTER);
    }

    AppendQueue of(String conversation) {
        int number = log.sharded() ? log.slotOf(conversation) : Math.floorMod(conversation.hashCode(), WITHOUT_CLUSTER);
        AppendQueue lane = lanes.get(number);
        return lane == null ? make(number) : lane;
    }

    private synchronized AppendQueue make(int number) {
        AppendQueue lane = lanes.get(number);
        if (lane == null) {
            lane = new AppendQueue(
                    log.sharded()
                            ? (source, batch) -> turns.await(log.masterOf(number), log.append(source, batch))
                            : log::append,
                    Math.max(1, log.remembered() / 2),
                    () -> isAway(log.masterOf(number)),
                    listener,
                    queue.newLine(),
                    counts);
            if (closed) {
                lane.close();
            }
            lanes.set(number, lane);
        }
        return lane;
    }

    private boolean isAway(@Nullable String master) {
        return master == null || away.contains(master);
    }

    void suspend(String master) {
        away.add(master);
        each(master, AppendQueue::suspend);
    }

    void resume(String master) {
        away.remove(master);
        each(master, AppendQueue::resume);
    }

    private void each(String master, Consumer<AppendQueue> action) {
        for (int number = 0; number < lanes.length(); number++) {
            AppendQueue lane = lanes.get(number);
            if (lane != null && master.equals(log.masterOf(number))) {
                action.accept(lane);
            }
        }
    }

    private List<AppendQueue> all() {
        return IntStream.range(0, lanes.length())
                .mapToObj(lanes::get)
                .filter(Objects::nonNull)
                .toList();
    }

    /** From now on they take nothing more; what they have goes on. */
    synchronized void close() {
        closed = true;
        all().forEach(AppendQueue::close);
    }

    /** Whether anything is under way. */
    boolean areTrying() {
        return all().stream().anyMatch(AppendQueue::isTrying);
    }

    /** Ends all work, and returns what is left, each conversation's in order. */
    List<AppendQueue.Waiting> stop() {
        List<AppendQueue.Waiting> left = new ArrayList<>();
        all().forEach(lane -> left.addAll(lane.stop()));
        turns.dispose();
        return left;
    }
}
