package dev.parley.auth;

import dev.parley.support.Doc;
import dev.parley.support.Secret;
import io.smallrye.config.WithDefault;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Optional;

/** {@code parley.auth}: how clients and agents authenticate. */
public interface AuthSettings {

    @Doc("`none` accepts everybody on this machine, `jwt` requires a token")
    @WithDefault("none")
    AuthMode mode();

    Jwt jwt();

    @Doc(
            value = "owner of conversations that only agents wrote to; with `none`, the tenant of every caller",
            bounds = "an id")
    @WithDefault("default")
    String defaultTenant();

    /** What finds out who is asking; its clock is the system's. */
    default Authenticator authenticator() {
        return mode() == AuthMode.NONE
                ? Authenticator.none(defaultTenant())
                : JwtAuthenticator.of(
                        jwt().secret().orElseThrow().value().getBytes(StandardCharsets.UTF_8),
                        defaultTenant(),
                        Clock.systemUTC());
    }

    /** What tokens are signed with. */
    interface Jwt {

        /** Present whenever the mode is {@link AuthMode#JWT}. */
        @Doc(
                value =
                        "key that signs tokens (HS256); required for `jwt`. `openssl rand -base64 48` prints a good one",
                bounds = "32 bytes or more")
        Optional<Secret> secret();
    }
}
