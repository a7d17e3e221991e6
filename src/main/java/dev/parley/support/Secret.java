package dev.parley.support;

/** A value that no log, error or print-out shows. */
public record Secret(String value) {

    public static final String HIDDEN = "(hidden)";

    @Override
    public String toString() {
        return HIDDEN;
    }
}
