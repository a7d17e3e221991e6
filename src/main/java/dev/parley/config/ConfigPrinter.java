package dev.parley.config;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** Writes the effective configuration as a YAML file that can be read again, each value with its origin, secrets left out. */
public final class ConfigPrinter {

    private static final String INDENT = "  ";

    private final LoadedConfig loaded;
    private final StringBuilder yaml = new StringBuilder();
    private List<String> section = List.of();

    private ConfigPrinter(LoadedConfig loaded) {
        this.loaded = loaded;
    }

    public static String print(LoadedConfig loaded) {
        ConfigPrinter printer = new ConfigPrinter(loaded);
        loaded.settings().forEach(printer::line);
        return printer.yaml.toString();
    }

    private void line(Setting setting) {
        List<String> path = List.of(setting.key().split("\\."));
        List<String> parents = path.subList(0, path.size() - 1);
        enter(parents);
        String text = loaded.text(setting);
        yaml.append(INDENT.repeat(parents.size()))
                .append(path.get(path.size() - 1))
                .append(':')
                .append(value(setting, text))
                .append(" # ")
                .append(text == null ? "not set" : loaded.origin(setting))
                .append('\n');
    }

    /** Opens the sections that the last line was not in. */
    private void enter(List<String> parents) {
        int common = 0;
        while (common < Math.min(parents.size(), section.size())
                && parents.get(common).equals(section.get(common))) {
            common++;
        }
        for (int depth = common; depth < parents.size(); depth++) {
            yaml.append(INDENT.repeat(depth)).append(parents.get(depth)).append(":\n");
        }
        section = parents;
    }

    private static String value(Setting setting, @Nullable String text) {
        if (text == null) {
            return "";
        }
        return " " + (setting.type().type() == String.class ? quoted(text) : setting.shown(text));
    }

    /** So that a name such as {@code no} or {@code 1e3} stays a text. */
    private static String quoted(String text) {
        DumperOptions options = new DumperOptions();
        options.setWidth(Integer.MAX_VALUE);
        options.setSplitLines(false);
        return new Yaml(options).dump(text).strip();
    }
}
