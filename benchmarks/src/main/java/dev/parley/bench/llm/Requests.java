package dev.parley.bench.llm;

import java.nio.charset.StandardCharsets;

/** HTTP requests as bytes, ready to be sent. */
public final class Requests {

    private static final String CHAT = "/v1/chat/completions";
    private static final String CATEGORY = "faq";

    private Requests() {}

    /** A chat, as the model's own API and the gateway's proxy take it. */
    public static byte[] chat(String request) {
        return of("POST", CHAT, request, "X-Parley-Cache-Category: " + CATEGORY + "\r\n");
    }

    /** A look-up that computes nothing. */
    public static byte[] lookup(String request) {
        return lookup(request, "");
    }

    /** A look-up that waits for who computes the answer, or is told to. */
    public static byte[] lookupOrLead(String request, int millis) {
        return lookup(request, ",\"wait_ms\":" + millis + ",\"lease_ms\":" + millis);
    }

    private static byte[] lookup(String request, String more) {
        return of("POST", "/v1/cache/lookup", question(request) + more + "}", "");
    }

    public static byte[] put(String request, String response) {
        return of("PUT", "/v1/cache/entries", question(request) + ",\"response\":" + response + "}", "");
    }

    /** By whoever was told to compute it. */
    public static byte[] put(String request, String response, String token, long costMicros, long tookMillis) {
        String cost = "%d.%06d".formatted(costMicros / 1_000_000, costMicros % 1_000_000);
        return of(
                "PUT",
                "/v1/cache/entries",
                question(request) + ",\"response\":" + response + ",\"token\":\"" + token + "\",\"cost\":" + cost
                        + ",\"took_ms\":" + tookMillis + "}",
                "");
    }

    public static byte[] stats() {
        return of("GET", "/v1/cache/stats", "", "");
    }

    private static String question(String request) {
        return "{\"request\":" + request + ",\"category\":\"" + CATEGORY + "\"";
    }

    private static byte[] of(String method, String path, String body, String headers) {
        String type =
                body.isEmpty() ? "" : "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n";
        return (method + " " + path + " HTTP/1.1\r\nHost: bench\r\n" + headers + type + "\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }
}
