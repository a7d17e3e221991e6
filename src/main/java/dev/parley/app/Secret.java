package dev.parley.app;

/** A value that no log, error or print-out shows. */
record Secret(String value) {

    static final String HIDDEN = "(hidden)";

    @Override
    public String toString() {
        return HIDDEN;
    }
}
