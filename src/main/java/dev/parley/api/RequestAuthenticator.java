package dev.parley.api;

import dev.parley.auth.Authenticator;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.http.ClientAddresses;
import dev.parley.http.Exchange;
import dev.parley.http.OriginCheck;
import org.jspecify.annotations.Nullable;

/**
 * Authenticates callers of the HTTP API.
 *
 * @param checkOrigin whether only same-origin and loopback pages may write
 * @param addresses determines their addresses
 */
public record RequestAuthenticator(Authenticator authenticator, boolean checkOrigin, ClientAddresses addresses) {

    /** The caller of a write, which needs a role. */
    Principal writer(Exchange exchange, Role role) {
        Principal principal = caller(exchange, true);
        principal.require(role);
        return principal;
    }

    Principal caller(Exchange exchange, boolean writes) {
        if (writes && checkOrigin && !OriginCheck.allowed(exchange.request())) {
            throw ParleyException.of(
                    ErrorCode.FORBIDDEN,
                    "pages of this origin may not write while auth.mode is none: serve them from this machine, or set auth.mode to jwt");
        }
        return authenticator.authenticate(exchange.bearer());
    }

    /** The id that the caller gave this write, so that it can be repeated; null for none. */
    static @Nullable String idempotencyKey(Exchange exchange) {
        String key = exchange.header("Idempotency-Key");
        if (key != null && !Ids.valid(key)) {
            throw ParleyException.badRequest("Idempotency-Key " + Ids.RULE);
        }
        return key;
    }
}
