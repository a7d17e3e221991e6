package dev.parley.bench.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.bench.load.Stamp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A session as the gateway hands it out, page by page.
 *
 * @param count how many messages it says that it has
 * @param numbers of the messages that could be read: what each bears in its stamp, by its number in the session
 */
record SessionReader(int count, Map<Integer, Integer> numbers) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PAGE = 500;

    /** Blocks. */
    static SessionReader read(Caller socket, String name) {
        Map<Integer, Integer> numbers = new LinkedHashMap<>();
        JsonNode page = page(socket, name, 0);
        while (true) {
            page.path("messages")
                    .forEach(message -> numbers.put(
                            message.path("seq").asInt(),
                            number(message.path("content").asText())));
            if (!page.path("next").isNumber()) {
                return new SessionReader(page.path("message_count").asInt(), numbers);
            }
            page = page(socket, name, page.path("next").asInt());
        }
    }

    private static JsonNode page(Caller socket, String name, int after) {
        try {
            return JSON.readTree(socket.ask(
                    "session.messages", "{\"id\":\"" + name + "\",\"after\":" + after + ",\"limit\":" + PAGE + "}"));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int number(String content) {
        ByteBuf bytes = Unpooled.wrappedBuffer(content.getBytes(StandardCharsets.ISO_8859_1));
        return bytes.readableBytes() < Stamp.LENGTH ? -1 : Stamp.number(bytes, 0);
    }
}
