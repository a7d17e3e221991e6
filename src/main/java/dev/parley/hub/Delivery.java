package dev.parley.hub;

import dev.parley.event.Position;
import dev.parley.protocol.EncodedFrame;
import dev.parley.protocol.ResumeGap;
import dev.parley.protocol.ServerFrames;
import dev.parley.store.LogEntry;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a subscriber receives. Immutable; shared by all subscribers that receive the same. */
public sealed interface Delivery {

    /** The WebSocket frame, encoded once for all subscribers. Any thread. */
    EncodedFrame frame();

    /**
     * A subscription begins, or begins again: from its position ({@code resumed}), or with the {@link Snapshot} that comes next.
     *
     * @param position the last position of the subscription now; null while the log can't be read
     * @param gap why the events after the subscriber's position can't be replayed; null if none were requested
     */
    record Subscribed(
            @Nullable Position position,
            boolean resumed,
            @Nullable ResumeGap gap,
            EncodedFrame frame) implements Delivery {

        /** @param ref the JSON scalar of the request that this answers; null if it answers none */
        static Subscribed of(
                @Nullable String ref,
                String conversation,
                @Nullable Position position,
                boolean resumed,
                @Nullable ResumeGap gap) {
            String at = position == null ? null : position.toString();
            return new Subscribed(position, resumed, gap, ServerFrames.subscribed(ref, conversation, at, resumed, gap));
        }
    }

    /**
     * The state of the conversation.
     *
     * @param position its last position in the log; null if it comes from the archive
     * @param session JSON object or {@code null}
     * @param messages JSON array, oldest first
     * @param runs JSON array of the runs in progress
     */
    record Snapshot(@Nullable Position position, String session, String messages, String runs, EncodedFrame frame)
            implements Delivery {

        static Snapshot of(String conversation, Position position, String session, String messages, String runs) {
            EncodedFrame frame =
                    ServerFrames.snapshot(conversation, position.toString(), session, messages, runs, null);
            return new Snapshot(position, session, messages, runs, frame);
        }

        static Snapshot archived(String conversation, SnapshotFallback.Recalled archived) {
            EncodedFrame frame =
                    ServerFrames.snapshot(conversation, null, archived.session(), archived.messages(), "[]", "archive");
            return new Snapshot(null, archived.session(), archived.messages(), "[]", frame);
        }
    }

    /** An event: of the log, or an ephemeral one, which has no position. */
    final class Event implements Delivery {

        private final String conversation;
        private final @Nullable Position position;
        private final @Nullable String eventId;
        private final boolean late;
        private final byte[] json;
        /** Encoded at the first request. Concurrent threads encode the same bytes. */
        private @Nullable EncodedFrame frame;

        private Event(
                String conversation, @Nullable Position position, @Nullable String eventId, boolean late, byte[] json) {
            this.conversation = conversation;
            this.position = position;
            this.eventId = eventId;
            this.late = late;
            this.json = json;
        }

        static Event of(String conversation, LogEntry entry) {
            return new Event(conversation, entry.position(), entry.eventId(), entry.late(), entry.event());
        }

        /** An event that is in no log. */
        public static Event ephemeral(String conversation, @Nullable String eventId, boolean late, byte[] json) {
            return new Event(conversation, null, eventId, late, json);
        }

        /** Null for an ephemeral event. */
        public @Nullable Position position() {
            return position;
        }

        public @Nullable String eventId() {
            return eventId;
        }

        /** Whether it came after the end of its run. */
        public boolean late() {
            return late;
        }

        /** The event as it was published, in JSON. Must not be changed. */
        public byte[] json() {
            return json;
        }

        @Override
        public EncodedFrame frame() {
            EncodedFrame encoded = frame;
            if (encoded == null) {
                String at = position == null ? null : position.toString();
                encoded = ServerFrames.event(conversation, at, eventId, late, json);
                frame = encoded;
            }
            return encoded;
        }

        @Override
        public String toString() {
            return frame().json();
        }
    }

    /**
     * An event that waits for Redis: it is not in the log yet.
     *
     * @param json the event as it was published; must not be changed
     */
    record Pending(String eventId, byte[] json, EncodedFrame frame) implements Delivery {

        static Pending of(String conversation, String eventId, byte[] json) {
            return new Pending(eventId, json, ServerFrames.pending(conversation, eventId, json));
        }
    }

    /** An event that the subscriber received as {@link Pending} is in the log now. */
    record Placed(String eventId, Position position, boolean late, EncodedFrame frame) implements Delivery {

        static Placed of(String conversation, LogEntry entry) {
            String eventId = Objects.requireNonNull(entry.eventId());
            EncodedFrame frame =
                    ServerFrames.placed(conversation, eventId, entry.position().toString(), entry.late());
            return new Placed(eventId, entry.position(), entry.late(), frame);
        }
    }
}
