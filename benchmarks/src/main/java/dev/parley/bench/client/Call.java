package dev.parley.bench.client;

/**
 * One operation of the gateway's API on one session.
 *
 * @param session its number in the run
 */
public record Call(Method method, int session) {

    /** What is called. */
    public enum Method {
        CREATE,
        GET,
        APPEND
    }
}
