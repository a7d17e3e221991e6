package dev.parley.store;

import dev.parley.event.AgentEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.ToIntFunction;

/**
 * Cuts events into batches of the append script. The script has a cost per conversation, so a batch keeps a conversation's events together,
 * as far as they fit. The others wait for the next round. The batches of one round have no conversation in common and may be in flight
 * together; rounds must follow each other.
 */
final class AppendBatches implements Iterator<List<List<Integer>>> {

    private static final int BATCH_EVENTS = 256;

    private static final int BATCH_BYTES = 1 << 20;

    private final List<AppendRequest> events;
    private final ToIntFunction<String> slot;
    /** Indexes of events not yet in a batch. */
    private final Map<String, List<Integer>> left = new LinkedHashMap<>();

    /** @param slot of a conversation: a batch has events of one slot only */
    AppendBatches(List<AppendRequest> events, ToIntFunction<String> slot) {
        this.events = events;
        this.slot = slot;
        for (int i = 0; i < events.size(); i++) {
            left.computeIfAbsent(events.get(i).event().conversation(), conversation -> new ArrayList<>(4))
                    .add(i);
        }
    }

    @Override
    public boolean hasNext() {
        return !left.isEmpty();
    }

    /** The next round's batches, as indexes of events. */
    @Override
    public List<List<Integer>> next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        List<List<Integer>> round = new ArrayList<>();
        Map<Integer, Batch> open = new HashMap<>();
        left.entrySet().removeIf(conversation -> {
            List<Integer> its = conversation.getValue();
            Batch piece = new Batch();
            for (int i : its) {
                if (!piece.fits(bytes(i))) {
                    break;
                }
                piece.add(i, bytes(i));
            }
            int taken = piece.indexes.size();
            Integer here = slot.applyAsInt(conversation.getKey());
            Batch batch = open.get(here);
            if (batch == null || !batch.fits(piece)) {
                open.put(here, piece);
                round.add(piece.indexes);
            } else {
                batch.add(piece);
            }
            conversation.setValue(its.subList(taken, its.size()));
            return taken == its.size();
        });
        return round;
    }

    private int bytes(int index) {
        AgentEvent event = events.get(index).event();
        return event.bytes().length;
    }

    private static final class Batch {
        private final List<Integer> indexes = new ArrayList<>();
        private int bytes;

        /** A batch accepts one event of any size. */
        boolean fits(int more) {
            return indexes.isEmpty() || (indexes.size() < BATCH_EVENTS && bytes + more <= BATCH_BYTES);
        }

        boolean fits(Batch more) {
            return indexes.size() + more.indexes.size() <= BATCH_EVENTS && bytes + more.bytes <= BATCH_BYTES;
        }

        void add(int index, int size) {
            indexes.add(index);
            bytes += size;
        }

        void add(Batch more) {
            indexes.addAll(more.indexes);
            bytes += more.bytes;
        }
    }
}
