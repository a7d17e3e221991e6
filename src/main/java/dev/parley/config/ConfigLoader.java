package dev.parley.config;

import static java.util.stream.Collectors.toUnmodifiableSet;

import dev.parley.postgres.EmbeddedPostgres;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.common.MapBackedConfigSource;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration: defaults, then the file, the environment and the flags, where a later one overrides an earlier one. Collects all
 * problems and reports them together. Blocks; for one use by one thread.
 */
public final class ConfigLoader {

    private static final String ROOT = "parley.";
    private static final String PREFIX = "PARLEY_";

    /** For the start script, not for the gateway. */
    private static final String JAVA_OPTS = "PARLEY_JAVA_OPTS";

    /** Settings of earlier versions, and the advice for each. */
    private static final Map<String, String> REMOVED = Map.of(
            "parley.ingest.block",
            "a read waits for a quarter of parley.ingest.lease, and for 500ms at most; leave it out");

    private static final int DEFAULTS = 10;
    private static final int DEMO = 20;
    private static final int FILE = 100;
    private static final int VARIABLES = 200;
    private static final int FLAGS = 300;

    private final List<ConfigSource> sources = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private boolean demo;

    /** Another set of defaults: with a Redis and the chat page, and nothing to prepare. */
    public ConfigLoader demo() {
        demo = true;
        return this;
    }

    /** @throws ConfigException when the file can't be read or is no YAML */
    public ConfigLoader file(Path file) {
        return yaml("file " + file, YamlFile.read(file));
    }

    /** @throws ConfigException when the text is no YAML */
    ConfigLoader yaml(String name, String text) {
        Map<String, String> values = YamlFile.parse(name, text);
        values.keySet().stream().sorted().forEach(key -> requireKnown(key, name));
        sources.add(new Source(values, name, FILE));
        return this;
    }

    /** The variables that start with PARLEY_. An empty one counts as not set. */
    public ConfigLoader environment(Map<String, String> variables) {
        Map<String, String> values = new HashMap<>();
        new TreeMap<>(variables).forEach((name, value) -> {
            if (!name.startsWith(PREFIX) || name.equals(JAVA_OPTS)) {
                return;
            }
            Setting setting = Settings.findVariable(name);
            if (setting == null) {
                problems.add(unknown(name, LoadedConfig.ENVIRONMENT, Spelling.closest(name, variables())));
            } else if (!value.isEmpty()) {
                values.put(setting.key(), value);
            }
        });
        sources.add(new Source(values, LoadedConfig.ENVIRONMENT, VARIABLES));
        return this;
    }

    private static List<String> variables() {
        return Settings.ALL.values().stream().map(Setting::environmentName).toList();
    }

    /** Keys with or without {@code parley.} in front. */
    public ConfigLoader flags(Map<String, String> flags) {
        Map<String, String> values = new HashMap<>();
        flags.forEach((name, value) -> {
            String key = name.startsWith(ROOT) ? name : ROOT + name;
            requireKnown(key, "flag");
            values.put(key, value);
        });
        sources.add(new Source(values, "flag", FLAGS));
        return this;
    }

    private void requireKnown(String key, String source) {
        if (Settings.find(key) == null) {
            String meant = key.startsWith(ROOT) ? key : ROOT + key;
            problems.add(
                    Settings.badName(meant)
                            ? key + " (" + source + ") has a bad name: " + SettingFamily.RULE
                            : unknown(key, source, Spelling.closest(meant, known(meant))));
        }
    }

    /** All keys, those with a name spelled with the one that this key has. */
    private static List<String> known(String key) {
        return Stream.concat(
                        Settings.ALL.keySet().stream().filter(each -> !each.contains(Setting.NAME)),
                        Settings.FAMILIES.stream().map(family -> family.spelled(key)))
                .toList();
    }

    private static String unknown(String name, String source, @Nullable String closest) {
        String key = name.toLowerCase(Locale.ROOT).replace('_', '.');
        String removed = REMOVED.get(key.startsWith(ROOT) ? key : ROOT + key);
        if (removed != null) {
            return name + " (" + source + ") is no setting any more: " + removed;
        }
        String hint = closest == null ? "" : ": did you mean " + closest + "?";
        return name + " (" + source + ") is unknown" + hint;
    }

    /** @throws ConfigException when anything that was read is unknown, malformed, out of bounds, or does not fit together */
    public LoadedConfig load() {
        sources.add(new Source(Map.of("parley.node", hostName()), LoadedConfig.DEFAULT, DEFAULTS));
        if (demo) {
            sources.add(new Source(demoDefaults(), "demo", DEMO));
        }
        SmallRyeConfig values = ValueType.addTo(new SmallRyeConfigBuilder())
                .withSources(sources)
                .build();
        Settings.inEffect(keys()).forEach(setting -> requireValid(setting, values));
        refuseProblems();
        ConfigMappings.registerConfigMappings(values, Set.of(ConfigClass.configClass(GatewayConfig.class)));
        LoadedConfig loaded = new LoadedConfig(values.getConfigMapping(GatewayConfig.class), values);
        problems.addAll(new ConfigChecks(loaded).problems());
        refuseProblems();
        return loaded;
    }

    /** Before the mapping is made, so that a value that does not fit is told of in our words. */
    private void requireValid(Setting setting, SmallRyeConfig values) {
        String value = values.getConfigValue(setting.key()).getValue();
        String expected = value == null ? null : setting.refuse(value);
        if (value != null && expected != null) {
            String origin = LoadedConfig.origin(setting, values);
            problems.add(setting.key() + " (" + origin + ") is \"" + setting.shown(value) + "\": expected " + expected);
        }
    }

    private void refuseProblems() {
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
    }

    private Map<String, String> demoDefaults() {
        return Map.of(
                "parley.console.enabled",
                "true",
                "parley.redis.embedded",
                String.valueOf(!isSet("parley.redis.uri")),
                "parley.postgres.embedded",
                String.valueOf(!isSet("parley.postgres.url") && EmbeddedPostgres.available()));
    }

    private boolean isSet(String key) {
        return keys().contains(key);
    }

    private Set<String> keys() {
        return sources.stream()
                .flatMap(source -> source.getPropertyNames().stream())
                .collect(toUnmodifiableSet());
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    private static final class Source extends MapBackedConfigSource {
        private static final long serialVersionUID = 1;

        Source(Map<String, String> values, String name, int ordinal) {
            super(name, values, ordinal);
        }
    }
}
