package dev.parley.app;

import java.util.List;

/** The configuration is refused. Each problem is one line for the operator: which key, where it was set, what is expected. */
final class ConfigException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final List<String> problems;

    ConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    List<String> problems() {
        return problems;
    }
}
