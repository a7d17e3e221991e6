package dev.parley.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** {@code src/docs/openapi.yaml}. */
final class OpenApi {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> METHODS = List.of("get", "put", "post", "delete", "patch", "options", "head");
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private static final SchemaValidatorsConfig STRICT =
            SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();

    private final JsonNode all;

    private OpenApi(JsonNode all) {
        this.all = all;
    }

    static OpenApi read() {
        try (Reader text = Files.newBufferedReader(Path.of("src/docs/openapi.yaml"))) {
            Map<String, Object> tree = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
            return new OpenApi(JSON.valueToTree(tree));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JsonNode all() {
        return all;
    }

    /** Its operations by method and path, such as {@code GET /v1/sessions/{id}}. */
    Map<String, JsonNode> operations() {
        Map<String, JsonNode> operations = new TreeMap<>();
        all.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(field -> METHODS.contains(field.getKey()))
                        .forEach(method -> operations.put(
                                method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(), method.getValue())));
        return operations;
    }

    JsonNode operation(String methodAndPath) {
        JsonNode operation = operations().get(methodAndPath);
        if (operation == null) {
            throw new AssertionError(methodAndPath + " is not in the specification");
        }
        return operation;
    }

    JsonNode path(String methodAndPath) {
        return all.path("paths").path(methodAndPath.substring(methodAndPath.indexOf(' ') + 1));
    }

    /** What stands where a reference leads; anything else is itself. */
    JsonNode resolved(JsonNode node) {
        String to = node.path("$ref").asText();
        return to.isEmpty() ? node : all.at(to.substring("#".length()));
    }

    /** What is wrong with a value; what its schema does not name is wrong, too. */
    List<String> violations(JsonNode schema, JsonNode value) {
        ObjectNode whole = JSON.createObjectNode();
        whole.set("components", all.path("components"));
        whole.putArray("allOf").add(schema);
        whole.put("unevaluatedProperties", false);
        return SCHEMAS.getSchema(whole, STRICT).validate(value).stream()
                .map(ValidationMessage::getMessage)
                .toList();
    }
}
