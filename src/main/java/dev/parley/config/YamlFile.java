package dev.parley.config;

import static java.util.stream.Collectors.toUnmodifiableMap;

import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** A configuration file as keys and texts. */
final class YamlFile {

    /** A list stands in the source twice: as one text with commas, which is what is used, and by index. */
    private static final Pattern INDEXED = Pattern.compile(".*\\[[0-9]+]");

    private YamlFile() {}

    /** @throws ConfigException when the file can't be read */
    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw refused("file " + file, "does not exist");
        } catch (CharacterCodingException e) {
            throw refused("file " + file, "is not UTF-8");
        } catch (IOException e) {
            throw refused("file " + file, "can't be read: " + e.getMessage());
        }
    }

    /** @throws ConfigException when the text is no YAML */
    static Map<String, String> parse(String name, String text) {
        try {
            check(text);
            return new YamlConfigSource(name, text)
                    .getProperties().entrySet().stream()
                            .filter(entry -> !INDEXED.matcher(entry.getKey()).matches())
                            .collect(toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            throw refused(name, "is not valid YAML, line " + line + ": " + e.getProblem());
        } catch (YAMLException e) {
            throw refused(name, "is not valid YAML: " + e.getMessage());
        }
    }

    /** The source would let the last of two equal keys win without a word, and skip what is no mapping. */
    private static void check(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        for (Object document : new Yaml(new SafeConstructor(options)).loadAll(text)) {
            if (document != null && !(document instanceof Map)) {
                throw new YAMLException("it must be a mapping that starts with parley:");
            }
        }
    }

    private static ConfigException refused(String name, String reason) {
        return new ConfigException(List.of("the " + name + " " + reason));
    }
}
