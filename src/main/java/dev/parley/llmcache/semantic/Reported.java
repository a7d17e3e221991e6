package dev.parley.llmcache.semantic;

/**
 * What has become of a report of a wrong answer.
 *
 * @param counted it was not known before
 * @param steps how often the category's threshold is tightened now
 * @param threshold what is left of it: the least cosine from now on, more than 1 for none
 */
public record Reported(boolean counted, long steps, double threshold) {}
