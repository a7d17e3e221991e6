package dev.parley.http;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A route's path, cut into segments. */
final class PathTemplate {

    private final List<String> segments;

    PathTemplate(String template) {
        if (!template.startsWith("/")) {
            throw new IllegalArgumentException("a route's template must start with /: " + template);
        }
        this.segments = split(template);
        long names = segments.stream().filter(PathTemplate::isName).count();
        if (segments.stream().filter(PathTemplate::isName).distinct().count() < names) {
            throw new IllegalArgumentException("a route's template names a parameter twice: " + template);
        }
    }

    /** A path's segments as they came: an encoded slash is no slash. */
    static List<String> split(String path) {
        return List.of(path.split("/", -1));
    }

    /** The parameters of a path of that form, still percent-encoded; null when it has another form. */
    @Nullable
    Map<String, String> match(List<String> path) {
        if (path.size() != segments.size()) {
            return null;
        }
        Map<String, String> parameters = new HashMap<>();
        for (int i = 0; i < segments.size(); i++) {
            String segment = segments.get(i);
            String actual = path.get(i);
            if (isName(segment) && !actual.isEmpty()) {
                parameters.put(segment.substring(1, segment.length() - 1), actual);
            } else if (!segment.equals(actual)) {
                return null;
            }
        }
        return parameters;
    }

    private static boolean isName(String segment) {
        return segment.startsWith("{") && segment.endsWith("}");
    }
}
