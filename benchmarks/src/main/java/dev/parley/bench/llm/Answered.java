package dev.parley.bench.llm;

/**
 * An HTTP answer.
 *
 * @param status 0 when the connection was lost
 * @param mark what {@code X-Parley-Cache} said; empty when there was none
 * @param body or why the connection was lost
 */
public record Answered(int status, String mark, String body) {

    /** Who waits for it. Called on the event loop, once. */
    @FunctionalInterface
    public interface Reader {
        void came(Answered answer);
    }

    @Override
    public String toString() {
        return status + " " + mark + " " + body;
    }
}
