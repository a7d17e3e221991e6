package dev.parley.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** One who listens to a stream as it comes; disposing of it is leaving. */
final class Listening implements Disposable {

    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private volatile String mark = "";
    private volatile int status;
    private volatile @Nullable String end;
    private volatile @Nullable Disposable asking;

    private Listening() {}

    static Listening to(URI uri, String token, String json, String... headers) {
        Listening listening = new Listening();
        listening.asking = HttpClient.create(ConnectionProvider.newConnection())
                .headers(to -> {
                    to.set("Authorization", "Bearer " + token).set("Content-Type", "application/json");
                    for (int i = 0; i < headers.length; i += 2) {
                        to.set(headers[i], headers[i + 1]);
                    }
                })
                .post()
                .uri(uri.toString())
                .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(json.getBytes(UTF_8))))
                .response((response, content) -> {
                    listening.mark = response.responseHeaders().get(Caller.MARK, "");
                    listening.status = response.status().code();
                    return content.asByteArray();
                })
                .subscribe(listening.body::writeBytes, e -> listening.end = "cut", () -> listening.end = "whole");
        return listening;
    }

    /** The gateway's; empty before there is any. */
    String mark() {
        return mark;
    }

    int status() {
        return status;
    }

    /** {@code whole} or {@code cut}; null before it has ended. */
    @Nullable
    String end() {
        return end;
    }

    String body() {
        return body.toString(UTF_8);
    }

    int length() {
        return body.size();
    }

    /** What has been said so far. */
    String said() {
        return body().lines()
                .filter(line -> line.startsWith("data: {") && line.endsWith("}"))
                .map(line -> Json.read(line.substring(6).getBytes(UTF_8))
                        .at("/choices/0/delta/content")
                        .asText(""))
                .collect(Collectors.joining());
    }

    @Override
    public void dispose() {
        Disposable open = asking;
        if (open != null) {
            open.dispose();
        }
    }
}
