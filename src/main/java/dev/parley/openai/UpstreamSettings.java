package dev.parley.openai;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is behind the proxy.
 *
 * @param url what {@code /chat/completions} is put behind, such as {@code https://api.openai.com/v1}
 * @param key sent in place of the caller's; null: none of the gateway's own
 * @param passKeys whether the caller's {@code Authorization} is passed on where there is no key: it must not be the gateway's own token
 * @param pool most connections; ten times as many calls may wait for one
 * @param responseTimeout silence while an answer is waited for or read
 * @param retries beside the first try
 * @param maxBody of a request and of an answer that is not a stream, in bytes
 */
public record UpstreamSettings(
        String url,
        @Nullable String key,
        boolean passKeys,
        int pool,
        Duration connectTimeout,
        Duration responseTimeout,
        int retries,
        int maxBody) {}
