package dev.parley.chaos;

/** A publisher was told to come again later. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;
}
