package dev.parley.websocket;

import dev.parley.http.ClientAddresses;
import dev.parley.http.Exchange;
import dev.parley.http.ProblemException;
import dev.parley.protocol.ClientFrame;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The content of the upgrade request.
 *
 * @param token from {@code Authorization}, or from a browser as a second subprotocol
 * @param subscribe from the query, to be run right after {@code welcome}
 * @param address the client's
 * @param names whether the request names the protocol, so that the response must
 */
record Handshake(@Nullable String token, ClientFrame.@Nullable Subscribe subscribe, String address, boolean names) {

    static final String PROTOCOL = "parley.v1";

    private static final String TOKEN_PROTOCOL = "parley.token.";

    private static final String VERSION = "13";

    /** @throws ProblemException when the request can't be upgraded to a WebSocket */
    static Handshake of(Exchange exchange, ClientAddresses addresses) {
        requireUpgrade(exchange);
        String offered = exchange.header(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        if (offered != null && !protocols(offered).contains(PROTOCOL)) {
            throw ProblemException.of(HttpResponseStatus.BAD_REQUEST, "Sec-WebSocket-Protocol must offer " + PROTOCOL);
        }
        String conversation = exchange.query("conversation");
        return new Handshake(
                token(exchange),
                conversation == null ? null : new ClientFrame.Subscribe(null, conversation, exchange.query("since")),
                addresses.of(exchange.request()),
                offered != null);
    }

    /** Checks the upgrade here, because Netty rejects a bad one without a response. */
    private static void requireUpgrade(Exchange exchange) {
        HttpHeaders headers = exchange.request().requestHeaders();
        if (exchange.headOnly()
                || !headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                || !headers.containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)
                || !VERSION.equals(exchange.header(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            exchange.response()
                    .header(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                    .header(HttpHeaderNames.SEC_WEBSOCKET_VERSION, VERSION);
            throw ProblemException.of(
                    HttpResponseStatus.UPGRADE_REQUIRED,
                    "this path is a WebSocket: send an upgrade request with Sec-WebSocket-Version " + VERSION);
        }
        if (exchange.header(HttpHeaderNames.SEC_WEBSOCKET_KEY) == null) {
            throw ProblemException.of(HttpResponseStatus.BAD_REQUEST, "Sec-WebSocket-Key is missing: send one");
        }
    }

    private static List<String> protocols(String header) {
        return Arrays.stream(header.split(",", -1)).map(String::trim).toList();
    }

    private static @Nullable String token(Exchange exchange) {
        String bearer = exchange.bearer();
        if (bearer != null) {
            return bearer;
        }
        return exchange.request().requestHeaders().getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL).stream()
                .flatMap(header -> protocols(header).stream())
                .filter(protocol -> protocol.startsWith(TOKEN_PROTOCOL))
                .map(protocol -> protocol.substring(TOKEN_PROTOCOL.length()))
                .findFirst()
                .orElse(null);
    }
}
