package dev.parley.llmcache;

/** A part of a tenant's entries: those with a tag, of a model or in a namespace, or all. */
public record InvalidationScope(Kind kind, String name) {

    /** The common property of the entries. */
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

    /** The name that {@code entry.lua} uses. */
    String field() {
        return kind == Kind.ALL ? kind.field : kind.field + name;
    }
}
