package dev.parley.llmcache;

/**
 * That the caller is the one to compute an answer: it puts it with this token, or gives it up.
 *
 * @param millis until somebody else may
 */
public record Lead(String token, long millis) {}
