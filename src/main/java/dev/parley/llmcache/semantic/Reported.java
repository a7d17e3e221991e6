package dev.parley.llmcache.semantic;

/**
 * The outcome of a report of a wrong answer.
 *
 * @param counted whether it is new
 * @param steps number of steps by which the category's threshold is raised now
 * @param threshold the minimum cosine from now on, more than 1 for none
 */
public record Reported(boolean counted, long steps, double threshold) {}
