package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.support.Sha256;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The key of a cached response.
 *
 * @param hash SHA-256, in hexadecimal digits
 * @param seedModel the request's model, if the key is in the original Python format: the hash of {@code {model, messages, tools}} as Python
 *     writes it, without a tenant; null otherwise
 */
public record CacheKey(String tenant, String hash, @Nullable String seedModel) {

    private static final Set<String> SEED_FIELDS = Set.of("model", "messages", "tools");

    /** Fields that say how a response is sent, not what it is. */
    private static final List<String> TRANSPORT = List.of("stream", "stream_options");

    /** @param seedTenant tenant whose plain questions have keys in the original Python format */
    static CacheKey of(Question question, @Nullable String seedTenant) {
        boolean seed = isSeeds(question, seedTenant);
        return seed
                ? new CacheKey(question.tenant(), Sha256.hex(seedText(question)), question.model())
                : new CacheKey(question.tenant(), Sha256.hex(text(question)), null);
    }

    /** Whether the key is in the original Python format. */
    public boolean seed() {
        return seedModel != null;
    }

    /** The text that is hashed. */
    static String textOf(Question question, @Nullable String seedTenant) {
        return isSeeds(question, seedTenant) ? seedText(question) : text(question);
    }

    private static boolean isSeeds(Question question, @Nullable String seedTenant) {
        return question.tenant().equals(seedTenant)
                && question.namespace() == null
                && question.request().has("messages")
                && question.request().properties().stream().allMatch(field -> SEED_FIELDS.contains(field.getKey()));
    }

    private static String seedText(Question question) {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.set("model", question.request().get("model"));
        request.set("messages", question.request().get("messages"));
        request.set("tools", sorted(question.request().path("tools")));
        return PythonJson.FORM.write(request);
    }

    private static String text(Question question) {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        question.request().properties().forEach(field -> {
            if (!field.getValue().isNull()) {
                request.set(field.getKey(), field.getValue());
            }
        });
        request.remove(TRANSPORT);
        if (request.path("tools").isArray()) {
            request.set("tools", sorted(request.path("tools")));
        }
        ObjectNode all = JsonNodeFactory.instance.objectNode().put("v", 2).put("tenant", question.tenant());
        all.put("namespace", question.namespace());
        all.set("request", request);
        return CanonicalJson.FORM.write(all);
    }

    /** Sorts by {@code name}, or by {@code function.name} as OpenAI has it; tools of the same name keep their order. */
    private static ArrayNode sorted(JsonNode tools) {
        ArrayNode sorted = JsonNodeFactory.instance.arrayNode();
        StreamSupport.stream(tools.spliterator(), false)
                .sorted(Comparator.comparing(CacheKey::name, PythonJson.BY_CODE_POINT))
                .forEach(sorted::add);
        return sorted;
    }

    private static String name(JsonNode tool) {
        return (tool.has("name") ? tool.path("name") : tool.path("function").path("name")).asText();
    }
}
