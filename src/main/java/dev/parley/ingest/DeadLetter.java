package dev.parley.ingest;

import java.util.Map;

/**
 * An entry that was given up.
 *
 * @param id its place among the dead letters
 * @param sourceId its id in the stream
 * @param reason why it was given up
 * @param at when, RFC 3339
 * @param fields what the stream had
 */
public record DeadLetter(String id, String sourceId, String reason, String at, Map<String, byte[]> fields) {}
