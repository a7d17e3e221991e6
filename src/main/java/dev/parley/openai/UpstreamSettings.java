package dev.parley.openai;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Secret;
import dev.parley.support.Size;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** {@code parley.upstream}: the model's API behind the OpenAI-compatible one, which is off without a URL. */
public interface UpstreamSettings {

    @Doc(
            "URL of the model's API behind the [OpenAI-compatible one](#openai-compatible-api), such as `https://api.openai.com/v1`; without it"
                    + " there is no such API")
    Optional<UpstreamUrl> url();

    @Doc(
            "key sent to the upstream in place of the caller's. Without it the caller's is passed on, but only with `parley.auth.mode: none`."
                    + " Secret: best set by the environment")
    Optional<Secret> key();

    @Doc(
            "maximum connections per node, and so concurrent calls and streams; ten times as many calls may wait for one, 10 s at most. Each"
                    + " needs a file descriptor here and one for its caller")
    @WithDefault("2000")
    @Bounds(least = "1", most = "10000")
    int pool();

    @Doc("maximum time to establish a connection")
    @WithDefault("5s")
    @Bounds(least = "100ms", most = "1m")
    Duration connectTimeout();

    @Doc(
            "maximum silence while an answer is awaited or read, by default as long as OpenAI's SDKs wait. Plus 5 s, up to 10 min, it is also"
                    + " how long other callers wait for an answer that is computed")
    @WithDefault("10m")
    @Bounds(least = "100ms", most = "1h")
    Duration responseTimeout();

    @Doc(
            "number of retries after the first try: after 429, 502, 503, 504 and when the upstream can't be reached; none for a caller that"
                    + " retries by itself")
    @WithDefault("2")
    @Bounds(least = "0", most = "10")
    int retries();

    @Doc(
            "maximum size of a request, of an answer, and of an event of a stream. A stream longer than that, or than 4 MiB, is passed on and"
                    + " not cached")
    @WithDefault("32MiB")
    @Bounds(least = "1KiB", most = "64MiB")
    Size maxBody();

    @Doc(
            value =
                    "maximum memory for all requests and whole answers at the same time; a request counts twice. A request that finds no room"
                            + " is refused: 503, `overloaded`",
            unset = "a quarter of the heap, but room for one request of the largest kind")
    @Bounds(least = "1MiB", most = "64GiB")
    Optional<Size> memory();
}
