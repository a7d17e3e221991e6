package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import dev.parley.resilience.QueuedEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The events of a conversation that are shown already and are not in its log yet, numbered in the order in which they were shown: a
 * subscription has been shown those from a number on. Only the conversation's mailbox touches it.
 *
 * <p>Bounded. An event that does not fit is not shown before it is in the log, and no event after it either until it is: order is kept.
 */
final class PendingEvents {

    private static final int MAX_EVENTS = 1_024;
    private static final int MAX_BYTES = 1 << 20;
    private static final int FIRST_RING = 8;
    /** About as many as the log remembers by default: who repeats an event after more of them adds it anew. */
    private static final int LARGEST_RING = 2_048;

    private static final class Shown {
        private final long number;
        private final Access access;
        private final Delivery.Pending delivery;
        private boolean confirmed;

        private Shown(long number, Access access, Delivery.Pending delivery) {
            this.number = number;
            this.access = access;
            this.delivery = delivery;
        }
    }

    private final Map<String, Shown> events = new LinkedHashMap<>(4);
    /** Where those are that the log has meanwhile, as long as a subscription may still have to read them there. */
    private final Map<String, Position> placed = new LinkedHashMap<>(4);

    /** Those that wait, too, and are not shown. As many as the queue takes, whose own ids these are. */
    private final Set<String> unshown = new HashSet<>(0);

    private long next;
    private int bytes;
    /** Hashes of the ids of the last events that were handed out, a ring that grows. A false find only delays an event until it is in the log. */
    private int[] emitted = new int[0];

    private int emittedCount;

    /** The number of the event that is shown next. */
    long next() {
        return next;
    }

    /** The number of the oldest event that is remembered; {@link #next} when there is none. */
    long first() {
        return events.isEmpty() ? next : events.values().iterator().next().number;
    }

    /**
     * Remembers an event that is to be shown now.
     *
     * @param inOrder whether all that the log is known to have was shown
     * @param previous the id of the event that waits before it, null where there is none. An unknown one was queued when nobody was here
     * @return null when it is not to be shown: it was handed out already (its append's answer was lost), there is no room, or something before it is not shown
     */
    Delivery.@Nullable Pending add(
            String conversation, QueuedEvent queued, boolean inOrder, @Nullable String previous) {
        String id = Objects.requireNonNull(queued.event().eventId());
        byte[] event = queued.event().bytes();
        if (wasEmitted(id) || events.containsKey(id)) {
            return null;
        }
        boolean follows = previous == null || events.containsKey(previous) || wasEmitted(previous);
        if (!inOrder
                || !follows
                || !unshown.isEmpty()
                || events.size() == MAX_EVENTS
                || bytes + event.length > MAX_BYTES) {
            unshown.add(id);
            return null;
        }
        Delivery.Pending delivery = Delivery.Pending.of(conversation, id, event);
        events.put(id, new Shown(next++, queued.access(), delivery));
        bytes += delivery.frame().size();
        return delivery;
    }

    /**
     * Whether somebody may see what somebody else's event says, before the log has said whether that one may write here: what is checked
     * is shown to its own tenant only.
     */
    static boolean isVisible(Access publisher, Access reader) {
        return !publisher.checked() || publisher.tenant().equals(reader.tenant());
    }

    /** Whether a reader that has been shown those from a number on has been shown the event of that id. */
    boolean wasShown(String eventId, Access reader, long from) {
        Shown shown = events.get(eventId);
        return shown != null && shown.number >= from && isVisible(shown.access, reader);
    }

    /**
     * What a reader that begins now has to be shown.
     *
     * @param has the last position of the log that it has; null when it has not read the log
     */
    List<Delivery.Pending> shownTo(Access reader, @Nullable Position has) {
        List<Delivery.Pending> deliveries = new ArrayList<>();
        events.forEach((id, shown) -> {
            Position at = placed.get(id);
            boolean hasIt = at != null && has != null && !at.isAfter(has);
            if (!hasIt && isVisible(shown.access, reader)) {
                deliveries.add(shown.delivery);
            }
        });
        return deliveries;
    }

    /** The log has it; it is remembered until {@link #forget}. */
    void placed(String eventId, Position position) {
        unshown.remove(eventId);
        if (events.containsKey(eventId)) {
            placed.put(eventId, position);
        }
    }

    /** Every subscription has got what the log has up to here. */
    void forget(@Nullable Position upTo) {
        if (upTo != null && !placed.isEmpty()) {
            placed.entrySet().removeIf(one -> {
                boolean passed = !one.getValue().isAfter(upTo);
                if (passed) {
                    remove(one.getKey());
                }
                return passed;
            });
        }
    }

    /** The log will not have it. */
    void remove(String eventId) {
        unshown.remove(eventId);
        Shown gone = events.remove(eventId);
        if (gone != null) {
            bytes -= gone.delivery.frame().size();
        }
    }

    /** An event was handed out that came live, or should have. */
    void emitted(@Nullable String eventId) {
        if (eventId == null) {
            return;
        }
        Shown shown = events.get(eventId);
        if (shown != null) {
            shown.confirmed = true;
        }
        if (emittedCount == emitted.length && emittedCount < LARGEST_RING) {
            emitted = Arrays.copyOf(emitted, Math.max(FIRST_RING, emitted.length * 2));
        }
        emitted[emittedCount++ % emitted.length] = eventId.hashCode();
        if (emittedCount == 2 * LARGEST_RING) {
            emittedCount = LARGEST_RING;
        }
    }

    /** Whether it has come from the log since it was shown, if it was shown. */
    boolean wasConfirmed(String eventId) {
        Shown shown = events.get(eventId);
        return shown == null || shown.confirmed;
    }

    private boolean wasEmitted(String eventId) {
        int hash = eventId.hashCode();
        for (int i = Math.min(emittedCount, emitted.length) - 1; i >= 0; i--) {
            if (emitted[i] == hash) {
                return true;
            }
        }
        return false;
    }
}
