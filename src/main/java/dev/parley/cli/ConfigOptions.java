package dev.parley.cli;

import dev.parley.config.ConfigException;
import dev.parley.config.ConfigLoader;
import dev.parley.config.LoadedConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that set the configuration. */
final class ConfigOptions {

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "YAML file with the configuration, under the key parley.")
    private @Nullable Path file;

    @Option(
            names = {"-s", "--set"},
            paramLabel = "KEY=VALUE",
            description = "Sets one key, such as log.ttl=1h; repeatable. Wins over the environment and the file.")
    private Map<String, String> set = new LinkedHashMap<>();

    @Option(names = "--host", description = "The same as --set http.host=…")
    private @Nullable String host;

    @Option(names = "--port", description = "The same as --set http.port=…; 0 takes any free one.")
    private @Nullable String port;

    @Option(names = "--management-port", paramLabel = "<port>", description = "The same as --set management.port=…")
    private @Nullable String managementPort;

    @Option(names = "--redis", paramLabel = "<uri>", description = "The same as --set redis.uri=…")
    private @Nullable String redis;

    /** @throws ConfigException when it is refused */
    LoadedConfig load(ConfigLoader loader, Map<String, String> environment) {
        ConfigLoader reading = loader.environment(environment).flags(flags());
        return (file == null ? reading : reading.file(file)).load();
    }

    private Map<String, String> flags() {
        Map<String, String> flags = new HashMap<>(set);
        put(flags, "http.host", host);
        put(flags, "http.port", port);
        put(flags, "management.port", managementPort);
        put(flags, "redis.uri", redis);
        return flags;
    }

    private static void put(Map<String, String> flags, String key, @Nullable String value) {
        if (value != null) {
            flags.put("parley." + key, value);
        }
    }
}
