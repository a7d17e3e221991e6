package dev.parley.http;

import io.netty.handler.codec.http.HttpResponseStatus;

/** A request that is rejected with a {@link Problem}. Carries no stack trace. */
public final class ProblemException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient Problem problem;

    public ProblemException(Problem problem) {
        super(problem.detail(), null, false, false);
        this.problem = problem;
    }

    /** A bad request for which HTTP has a status of its own. */
    public static ProblemException of(HttpResponseStatus status, String detail) {
        return new ProblemException(Problem.of(status, detail));
    }

    public Problem problem() {
        return problem;
    }
}
