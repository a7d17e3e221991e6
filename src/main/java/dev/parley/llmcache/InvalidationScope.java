package dev.parley.llmcache;

/** Some of a tenant's entries: those that have a tag, are of a model or in a namespace, or all. */
public record InvalidationScope(Kind kind, String name) {

    /** What entries have in common. */
    public enum Kind {
        TAG("t:"),
        MODEL("m:"),
        NAMESPACE("n:"),
        ALL("*");

        private final String field;

        Kind(String field) {
            this.field = field;
        }
    }

    /** As {@code entry.lua} has it. */
    String field() {
        return kind == Kind.ALL ? kind.field : kind.field + name;
    }
}
