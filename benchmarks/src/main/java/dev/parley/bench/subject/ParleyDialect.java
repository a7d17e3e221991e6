package dev.parley.bench.subject;

import dev.parley.bench.client.Dialect;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Parley's own protocol, {@code parley.v1}. */
final class ParleyDialect implements Dialect {

    private static final byte[] POSITION = "\"position\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final int TOO_SLOW = 3008;
    /** What the gateway names in {@code retry_ms} while Redis does not answer. */
    private static final long RETRY_MS = 1_000;

    private static final int TYPE_AT = "{\"type\":\"".length();

    @Override
    public String path(String conversation, @Nullable String since) {
        return "/v1/ws?conversation=" + conversation + (since == null ? "" : "&since=" + since);
    }

    @Override
    public String subprotocol() {
        return "parley.v1";
    }

    @Override
    public boolean isTooSlow(int closeCode) {
        return closeCode == TOO_SLOW;
    }

    @Override
    public boolean isEvent(ByteBuf in, int at) {
        return in.getByte(at + TYPE_AT) == 'e';
    }

    @Override
    public Step step(String text, String conversation) {
        if (text.startsWith("{\"type\":\"subscribed\"")) {
            boolean resumed = text.contains("\"resumed\":true");
            return new Step(null, resumed, text.contains("\"gap\":"));
        }
        if (text.startsWith("{\"type\":\"snapshot\"")) {
            return Step.FOLLOWING;
        }
        if (text.startsWith("{\"type\":\"ping\"")) {
            return Step.answer("{\"type\":\"pong\"}");
        }
        if (text.startsWith("{\"type\":\"error\"") && text.contains("\"temporary\":true")) {
            return Step.again(RETRY_MS);
        }
        if (text.startsWith("{\"type\":\"error\"")) {
            throw new IllegalStateException("the gateway answered " + text);
        }
        return Step.NOTHING;
    }

    @Override
    public byte[] positionMark() {
        return POSITION;
    }
}
