package dev.parley.protocol;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.parley.error.ParleyException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Builds every frame that the gateway sends, field by field as the protocol lists them. Ids, positions and refs must be checked
 * already: they are spliced in as they are. A {@code ref} is the client's own JSON scalar, null when it gave none.
 */
public final class ServerFrames {

    private ServerFrames() {}

    public static EncodedFrame welcome(
            String connection,
            String node,
            String version,
            long heartbeatMs,
            int maxFrameBytes,
            boolean redisUp,
            long queued) {
        return new FrameWriter("welcome", 256)
                .string("connection", connection)
                .text("node", node)
                .text("version", version)
                .number("heartbeat_ms", heartbeatMs)
                .number("max_frame_bytes", maxFrameBytes)
                .json("status", "{\"redis\":\"" + upOrDegraded(redisUp) + "\",\"queued\":" + queued + "}")
                .build();
    }

    public static EncodedFrame subscribed(
            @Nullable String ref,
            String conversation,
            @Nullable String position,
            boolean resumed,
            @Nullable ResumeGap gap) {
        FrameWriter frame = reply("subscribed", ref, 192).string("conversation", conversation);
        if (position != null) {
            frame.string("position", position);
        }
        frame.bool("resumed", resumed);
        if (gap != null) {
            frame.json("gap", gap(gap));
        }
        return frame.build();
    }

    /**
     * The last arguments but one are JSON: an object or null, an array, an array.
     *
     * @param position null when the log could not be read
     * @param source where it was read, when that was not the log
     */
    public static EncodedFrame snapshot(
            String conversation,
            @Nullable String position,
            String session,
            String messages,
            String runs,
            @Nullable String source) {
        FrameWriter frame = new FrameWriter("snapshot", 128 + messages.length() + runs.length())
                .string("conversation", conversation);
        if (position != null) {
            frame.string("position", position);
        }
        if (source != null) {
            frame.string("source", source);
        }
        return frame.json("session", session)
                .json("messages", messages)
                .json("runs", runs)
                .build();
    }

    /**
     * An event on its way to all sockets of its conversation.
     *
     * @param position null for an ephemeral event
     * @param late whether it came after the end of its run
     */
    public static EncodedFrame event(
            String conversation, @Nullable String position, @Nullable String eventId, boolean late, byte[] event) {
        FrameWriter frame = new FrameWriter("event", conversation.length()).string("conversation", conversation);
        if (position != null) {
            frame.string("position", position);
        }
        if (eventId != null) {
            frame.string("event_id", eventId);
        }
        if (late) {
            frame.bool("late", true);
        }
        return frame.buildWith("event", event);
    }

    /** An event that waits for Redis. */
    public static EncodedFrame pending(String conversation, String eventId, byte[] event) {
        return new FrameWriter("event", conversation.length() + eventId.length())
                .string("conversation", conversation)
                .string("event_id", eventId)
                .bool("pending", true)
                .buildWith("event", event);
    }

    /** An event that was shown as pending is in the log. */
    public static EncodedFrame placed(String conversation, String eventId, String position, boolean late) {
        FrameWriter frame = new FrameWriter("placed", 192)
                .string("conversation", conversation)
                .string("event_id", eventId)
                .string("position", position);
        if (late) {
            frame.bool("late", true);
        }
        return frame.build();
    }

    public static EncodedFrame ok(@Nullable String ref) {
        return reply("ok", ref, 16).build();
    }

    /** Answers a {@code publish}. */
    public static EncodedFrame stored(@Nullable String ref, String position, String eventId) {
        return reply("ok", ref, 96)
                .bool("stored", true)
                .string("position", position)
                .string("event_id", eventId)
                .build();
    }

    /** Answers a {@code send} or {@code cancel}. */
    public static EncodedFrame sent(@Nullable String ref, String position, String messageId) {
        return reply("ok", ref, 96)
                .bool("stored", true)
                .string("position", position)
                .string("message_id", messageId)
                .build();
    }

    /**
     * Answers a {@code publish}, {@code send} or {@code cancel} while Redis is unavailable.
     *
     * @param idField {@code event_id} or {@code message_id}
     */
    public static EncodedFrame queued(@Nullable String ref, String idField, String id) {
        return reply("ok", ref, 96)
                .bool("stored", false)
                .bool("queued", true)
                .string(idField, id)
                .build();
    }

    /** Answers a {@code publish} of an ephemeral event. */
    public static EncodedFrame passedOn(@Nullable String ref) {
        return reply("ok", ref, 32).bool("stored", false).build();
    }

    /** Answers a {@code call}; the result is JSON. */
    public static EncodedFrame result(@Nullable String ref, byte[] result) {
        return reply("ok", ref, 32 + result.length).json("result", result).build();
    }

    public static EncodedFrame error(@Nullable String ref, ParleyException refusal) {
        FrameWriter frame = reply("error", ref, 128)
                .string("code", refusal.code().wire())
                .text("message", Objects.requireNonNull(refusal.getMessage()))
                .bool("temporary", refusal.code().temporary());
        if (refusal.retryMs() > 0) {
            frame.number("retry_ms", refusal.retryMs());
        }
        return frame.build();
    }

    public static EncodedFrame status(boolean redisUp, long queued) {
        return new FrameWriter("status", 64)
                .string("redis", upOrDegraded(redisUp))
                .number("queued", queued)
                .build();
    }

    public static EncodedFrame ping() {
        return new FrameWriter("ping", 0).build();
    }

    public static EncodedFrame pong(@Nullable String ref) {
        return reply("pong", ref, 0).build();
    }

    public static EncodedFrame goodbye(int code, String reason, long retryLowMs, long retryHighMs) {
        return new FrameWriter("goodbye", 96)
                .number("code", code)
                .text("reason", reason)
                .json("retry_ms", "[" + retryLowMs + "," + retryHighMs + "]")
                .build();
    }

    private static FrameWriter reply(String type, @Nullable String ref, int expected) {
        FrameWriter frame = new FrameWriter(type, expected);
        if (ref != null) {
            frame.json("ref", ref);
        }
        return frame;
    }

    private static String gap(ResumeGap gap) {
        return "{\"reason\":\"" + gap.reason().wire() + "\",\"requested\":\""
                + new String(JsonStringEncoder.getInstance().quoteAsString(gap.requested())) + "\",\"first\":\""
                + gap.first() + "\",\"last\":\"" + gap.last() + "\"}";
    }

    private static String upOrDegraded(boolean redisUp) {
        return redisUp ? "up" : "degraded";
    }
}
