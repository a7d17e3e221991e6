package dev.parley.websocket;

import dev.parley.frame.ClientFrame;
import dev.parley.http.Exchange;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the request to upgrade says beside the upgrade.
 *
 * @param token from {@code Authorization}, or from a browser as a second subprotocol
 * @param subscribe from the query, to be done right after {@code welcome}
 */
record Handshake(@Nullable String token, ClientFrame.@Nullable Subscribe subscribe) {

    static final String PROTOCOL = "parley.v1";

    private static final String TOKEN_PROTOCOL = "parley.token.";

    static Handshake of(Exchange exchange) {
        String conversation = exchange.query("conversation");
        return new Handshake(
                token(exchange),
                conversation == null ? null : new ClientFrame.Subscribe(null, conversation, exchange.query("since")));
    }

    private static @Nullable String token(Exchange exchange) {
        String bearer = exchange.bearer();
        if (bearer != null) {
            return bearer;
        }
        return exchange.request().requestHeaders().getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL).stream()
                .flatMap(header -> Arrays.stream(header.split(",", -1)))
                .map(String::trim)
                .filter(protocol -> protocol.startsWith(TOKEN_PROTOCOL))
                .map(protocol -> protocol.substring(TOKEN_PROTOCOL.length()))
                .findFirst()
                .orElse(null);
    }
}
