package dev.parley.config;

import java.util.List;

/** The configuration is invalid. Each problem is one line for the operator: the key, its origin, the expected value. */
public final class ConfigException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final List<String> problems;

    public ConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
