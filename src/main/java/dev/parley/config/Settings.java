package dev.parley.config;

import io.smallrye.config.ConfigMappingInterface.Property;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The settings there are, as {@link GatewayConfig} declares them. */
final class Settings {

    /** Every key there is, in order; of a {@link SettingFamily} the one with its placeholder. */
    public static final SortedMap<String, Setting> ALL = all();

    static final List<SettingFamily> FAMILIES =
            ALL.values().stream().filter(Setting::named).map(SettingFamily::of).toList();

    private Settings() {}

    private static SortedMap<String, Setting> all() {
        SortedMap<String, Setting> settings = new TreeMap<>();
        Map<String, Property> properties = ConfigMappings.getProperties(ConfigClass.configClass(GatewayConfig.class));
        properties.forEach((key, property) -> {
            // A list is also there by index, as [*].
            if (!property.isGroup() && !key.endsWith("]")) {
                String shown = key.replace("*", Setting.NAME);
                settings.put(shown, Setting.of(shown, property));
            }
        });
        return Collections.unmodifiableSortedMap(settings);
    }

    /** Whether a key would be one of a family's, but for its name. */
    static boolean badName(String key) {
        return FAMILIES.stream().anyMatch(family -> family.spelled(key).equals(key) && family.byKey(key) == null);
    }

    /** What has this key; null when nothing may have it. */
    static @Nullable Setting find(String key) {
        Setting only = ALL.get(key);
        if (only != null) {
            return only.named() ? null : only;
        }
        return first(FAMILIES.stream().map(family -> family.byKey(key)));
    }

    /** What this environment variable sets; null when it is nothing. */
    static @Nullable Setting findVariable(String variable) {
        return first(Stream.concat(
                ALL.values().stream()
                        .filter(setting ->
                                !setting.named() && setting.environmentName().equals(variable)),
                FAMILIES.stream().map(family -> family.byVariable(variable))));
    }

    private static @Nullable Setting first(Stream<@Nullable Setting> settings) {
        return settings.filter(Objects::nonNull).findFirst().orElse(null);
    }

    /** All that has a value where these keys are set, in order: each setting, and under each name that is used all that have names. */
    static Collection<Setting> inEffect(Iterable<String> keys) {
        SortedMap<String, Setting> settings = new TreeMap<>();
        ALL.values().stream().filter(setting -> !setting.named()).forEach(only -> settings.put(only.key(), only));
        for (String key : keys) {
            for (SettingFamily family : FAMILIES) {
                FAMILIES.stream()
                        .map(each -> each.siblingOf(family, key))
                        .filter(Objects::nonNull)
                        .forEach(setting -> settings.put(setting.key(), setting));
            }
        }
        return settings.values();
    }
}
