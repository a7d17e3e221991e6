package dev.parley.config;

/** How log lines look: for people or for machines. */
public enum LogFormat {
    TEXT,
    JSON
}
