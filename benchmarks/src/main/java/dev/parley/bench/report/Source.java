package dev.parley.bench.report;

import dev.parley.bench.result.Results;

/** A file that a report is made of. */
public record Source(String name, Results results) {}
