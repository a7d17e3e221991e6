package dev.parley.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A setting that is there once for each name that the operator gives, such as {@code parley.limits.<name>.events}. */
record SettingFamily(Setting template, Pattern keys, Pattern variables) {

    static final String RULE = "a name is up to 32 of a-z, 0-9 and -, beginning with a letter";

    static SettingFamily of(Setting template) {
        return new SettingFamily(
                template,
                pattern(template.key(), Setting.NAME, "[a-z][a-z0-9-]{0,31}"),
                pattern(template.environmentName(), Setting.NAME.toUpperCase(Locale.ROOT), "[A-Z][A-Z0-9_]{0,31}"));
    }

    private static Pattern pattern(String text, String placeholder, String name) {
        int at = text.indexOf(placeholder);
        return Pattern.compile(Pattern.quote(text.substring(0, at)) + "(" + name + ")"
                + Pattern.quote(text.substring(at + placeholder.length())));
    }

    /** The setting of this family that has this key; null when none may have it. */
    @Nullable
    Setting byKey(String key) {
        String name = name(keys, key);
        return name == null ? null : named(name);
    }

    /** The setting of this family that this environment variable sets; null when none. */
    @Nullable
    Setting byVariable(String variable) {
        String name = name(variables, variable);
        return name == null ? null : named(name.toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    private static @Nullable String name(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.matches() ? matcher.group(1) : null;
    }

    /** Its setting under the name that another family's has; null when they are not siblings. */
    @Nullable
    Setting siblingOf(SettingFamily other, String key) {
        String name = name(other.keys, key);
        return name == null || !other.prefix().equals(prefix()) ? null : named(name);
    }

    private String prefix() {
        return template.key().substring(0, template.key().indexOf(Setting.NAME));
    }

    /** Its key with the name that stands where a name should, good or bad; the template's own where nothing does. */
    String spelled(String key) {
        if (!key.startsWith(prefix())) {
            return template.key();
        }
        String rest = key.substring(prefix().length());
        int dot = rest.indexOf('.');
        return template.key().replace(Setting.NAME, dot < 0 ? rest : rest.substring(0, dot));
    }

    private Setting named(String name) {
        return new Setting(
                template.key().replace(Setting.NAME, name),
                template.type(),
                template.optional(),
                template.defaultValue(),
                template.bounds(),
                template.doc());
    }
}
