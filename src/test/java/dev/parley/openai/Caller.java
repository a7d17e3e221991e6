package dev.parley.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.support.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** An agent, of a tenant of its own, that asks a node for chat completions. */
final class Caller {

    static final String MARK = "X-Parley-Cache";
    static final String ENTRY = "X-Parley-Cache-Entry";
    static final String STREAM = ",\"stream\":true";

    private static final String SECRET = "a secret of more than thirty-two bytes";

    private final String token = new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
            .mint("somebody", "openai-" + Ids.random(), Set.of(Role.USER, Role.AGENT), Set.of(), Duration.ofHours(1));

    /** A node that knows callers, in front of an upstream. */
    static TestNode node(String upstream, String... more) {
        return TestNode.start(Stream.concat(
                        Stream.of(
                                "auth.mode",
                                "jwt",
                                "auth.jwt.secret",
                                SECRET,
                                "upstream.url",
                                upstream,
                                "upstream.key",
                                "sk-house"),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    static String chat(String model, String said, String more) {
        return "{\"model\":\"" + model + "\"" + more + ",\"messages\":[{\"role\":\"user\",\"content\":\"" + said
                + "\"}]}";
    }

    /** @param more of the body, such as {@link #STREAM} */
    Answer ask(TestNode node, String model, String said, String more, String... headers) {
        String[] all = Stream.concat(Stream.of("Authorization", "Bearer " + token), Stream.of(headers))
                .toArray(String[]::new);
        return TestHttp.post(
                node.http("/v1/chat/completions"),
                "application/json",
                BodyPublishers.ofString(chat(model, said, more)),
                all);
    }

    Answer post(TestNode node, String path, String json) {
        return TestHttp.post(
                node.http(path), "application/json", BodyPublishers.ofString(json), "Authorization", "Bearer " + token);
    }

    Answer get(TestNode node, String path) {
        return TestHttp.get(node.http(path), "Authorization", "Bearer " + token);
    }

    Answer put(TestNode node, String path, String json) {
        return TestHttp.send(
                "PUT",
                node.http(path),
                BodyPublishers.ofString(json),
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer " + token);
    }

    /** A stream, from now on. */
    Listening listen(TestNode node, String model, String said, String... headers) {
        return listenTo(node, chat(model, said, STREAM), headers);
    }

    Listening listenTo(TestNode node, String body, String... headers) {
        return Listening.to(node.http("/v1/chat/completions"), token, body, headers);
    }

    /** The same as often at once. */
    List<Answer> together(int many, TestNode node, String model, String said) {
        return Objects.requireNonNull(Flux.range(0, many)
                .flatMap(
                        i -> Mono.fromCallable(() -> ask(node, model, said, ""))
                                .subscribeOn(Schedulers.boundedElastic()),
                        many)
                .collectList()
                .block(Patience.ofSeconds(30)));
    }

    /** A connection on which the same is asked, and nothing is read yet. */
    Socket socket(TestNode node, String model, String said) {
        return socket(node, model, said, STREAM);
    }

    Socket socket(TestNode node, String model, String said, String more) {
        try {
            Socket socket = new Socket();
            socket.setReceiveBufferSize(8 << 10);
            socket.setSoTimeout(10_000);
            socket.connect(new InetSocketAddress(
                    node.http("/").getHost(), node.http("/").getPort()));
            byte[] body = chat(model, said, more).getBytes(UTF_8);
            socket.getOutputStream()
                    .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token
                                    + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length
                                    + "\r\n\r\n")
                            .getBytes(UTF_8));
            socket.getOutputStream().write(body);
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
