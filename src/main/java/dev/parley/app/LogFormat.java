package dev.parley.app;

/** How log lines look: for people or for machines. */
enum LogFormat {
    TEXT,
    JSON
}
