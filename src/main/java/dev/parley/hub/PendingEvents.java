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
 * The events of a conversation that are shown before they are in its log, numbered in the order in which they were shown. A subscription
 * has been shown those from a certain number on. Only the conversation's mailbox uses it.
 *
 * <p>Bounded. An event that does not fit is not shown before it is in the log, and neither is any event after it: the order is kept.
 */
final class PendingEvents {

    private static final int MAX_EVENTS = 1_024;
    private static final int MAX_BYTES = 1 << 20;
    private static final int FIRST_RING = 8;
    /** About as many as the log remembers by default: an event that is repeated after more of them is added again. */
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
    /** Positions of events that are now in the log, kept while a subscription may still read them there. */
    private final Map<String, Position> placed = new LinkedHashMap<>(4);

    /** Ids of queued events that are not shown. Bounded by the queue, which owns these strings. */
    private final Set<String> unshown = new HashSet<>(0);

    private long next;
    private int bytes;
    /** Hashes of the ids of the last delivered events, a ring that grows. A false match only delays an event until it is in the log. */
    private int[] emitted = new int[0];

    private int emittedCount;

    /** The number of the next event to be shown. */
    long next() {
        return next;
    }

    /** The number of the oldest remembered event; {@link #next} if there is none. */
    long first() {
        return events.isEmpty() ? next : events.values().iterator().next().number;
    }

    /**
     * Remembers an event that is to be shown now.
     *
     * @param inOrder whether everything that the log is known to have was shown
     * @param previous the id of the event queued before it, null if there is none. An unknown one was queued before the conversation was
     *     hosted here
     * @return null if it must not be shown: it was delivered already (the reply to its append was lost), there is no room, or an earlier
     *     event is not shown
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
     * Whether a reader may see a publisher's event before the log has decided whether that publisher may write here: an event of a checked
     * publisher is shown to its own tenant only.
     */
    static boolean isVisible(Access publisher, Access reader) {
        return !publisher.checked() || publisher.tenant().equals(reader.tenant());
    }

    /** Whether a reader that was shown the events from a number on was shown the event with that id. */
    boolean wasShown(String eventId, Access reader, long from) {
        Shown shown = events.get(eventId);
        return shown != null && shown.number >= from && isVisible(shown.access, reader);
    }

    /**
     * The events to show to a reader that begins now.
     *
     * @param has the last position of the reader; null if it has not read the log
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

    /** The event is in the log; it is remembered until {@link #forget}. */
    void placed(String eventId, Position position) {
        unshown.remove(eventId);
        if (events.containsKey(eventId)) {
            placed.put(eventId, position);
        }
    }

    /** Every subscription has received the log up to this position. */
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

    /** The event will not be in the log. */
    void remove(String eventId) {
        unshown.remove(eventId);
        Shown gone = events.remove(eventId);
        if (gone != null) {
            bytes -= gone.delivery.frame().size();
        }
    }

    /** An event was delivered from the log or from a live message. */
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

    /** Whether the event was delivered from the log since it was shown. */
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
