package dev.parley.app;

/** Who is let in: everybody on this machine, or who has a token. */
enum AuthMode {
    NONE,
    JWT
}
