package dev.parley.llmcache;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.support.ExactNumbers;
import dev.parley.support.Patience;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Set;
import reactor.core.publisher.Mono;

/** What tests of the cache need. In JSON single quotes stand for double ones. */
final class CacheTesting {

    private static final JsonMapper JSON = ExactNumbers.kept();

    private CacheTesting() {}

    static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + json, e);
        }
    }

    static ObjectNode object(String json) {
        return (ObjectNode) tree(json.replace('\'', '"'));
    }

    static JsonNode vectors() {
        try (InputStream in = CacheTesting.class.getResourceAsStream("seed-vectors.json")) {
            return JSON.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Question question(String tenant, String request) {
        return new Question(tenant, null, object(request), Category.FAQ, Set.of());
    }

    /** One user message. */
    static Question asked(String tenant, String text) {
        return question(tenant, "{'model':'m-1','messages':[{'role':'user','content':'" + text + "'}]}");
    }

    static Question in(String namespace, Question question) {
        return new Question(question.tenant(), namespace, question.request(), question.category(), question.waived());
    }

    /** As OpenAI answers. */
    static JsonNode completion(String text) {
        return completion(text, "stop");
    }

    static JsonNode completion(String text, String finish) {
        return object(
                "{'id':'x','object':'chat.completion','choices':[{'index':0,'message':{'role':'assistant','content':'"
                        + text + "'},'finish_reason':'" + finish
                        + "'}],'usage':{'prompt_tokens':3,'completion_tokens':4}}");
    }

    static String text(CacheAnswer answer) {
        return tree(new String(((CacheAnswer.Hit) answer).entry().json(), java.nio.charset.StandardCharsets.UTF_8))
                .at("/response/choices/0/message/content")
                .asText();
    }

    @CanIgnoreReturnValue
    static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }
}
