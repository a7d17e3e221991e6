package dev.parley.protocol;

import dev.parley.error.ParleyException;
import org.jspecify.annotations.Nullable;

/** A client's frame. Required fields are present and have the right JSON type; ids are as the client wrote them, unchecked. */
public sealed interface ClientFrame {

    /** The client's own string or number as JSON, to be echoed; null when it gave none. */
    @Nullable
    String ref();

    record Auth(@Nullable String ref, String token) implements ClientFrame {}

    /** {@code since} is as the client wrote it, not checked to be a position. */
    record Subscribe(
            @Nullable String ref,
            String conversation,
            @Nullable String since) implements ClientFrame {}

    record Unsubscribe(@Nullable String ref, String conversation) implements ClientFrame {}

    /** {@code metadata} is a JSON object or null; {@code cache} is the category of {@code cache: {category}}. */
    record Send(
            @Nullable String ref,
            String conversation,
            MessageContent content,
            @Nullable String messageId,
            byte @Nullable [] metadata,
            @Nullable String cache)
            implements ClientFrame {}

    /** {@code payload} is a JSON object as the client wrote it. */
    record Publish(
            @Nullable String ref,
            String conversation,
            String event,
            byte[] payload,
            @Nullable String eventId,
            boolean durable)
            implements ClientFrame {}

    record Cancel(
            @Nullable String ref,
            String conversation,
            @Nullable String run,
            @Nullable String reason) implements ClientFrame {}

    /** One of the HTTP API's operations by its name; {@code params} is a JSON object, empty when the client gave none. */
    record Call(@Nullable String ref, String method, byte[] params) implements ClientFrame {}

    record Ping(@Nullable String ref) implements ClientFrame {}

    /** Well-formed JSON that is rejected. */
    record Refused(@Nullable String ref, ParleyException refusal) implements ClientFrame {}

    /** The client's answer to the gateway's ping. */
    record Pong(@Nullable String ref) implements ClientFrame {}
}
