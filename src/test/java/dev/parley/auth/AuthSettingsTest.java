package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.config.TestSettings;
import dev.parley.error.ParleyException;
import org.junit.jupiter.api.Test;

final class AuthSettingsTest {

    @Test
    void withoutTokensEverybodyIsTheDefaultTenants() {
        Authenticator anybody =
                TestSettings.of(AuthSettings.class, "default-tenant", "acme").authenticator();

        assertThat(anybody.authenticate(null)).isEqualTo(Principal.local("acme"));
    }

    @Test
    void withTokensWhoHasNoneIsRefused() {
        Authenticator strict = TestSettings.of(
                        AuthSettings.class, "mode", "jwt", "jwt.secret", "0123456789abcdef0123456789abcdef")
                .authenticator();

        assertThatThrownBy(() -> strict.authenticate(null)).isInstanceOf(ParleyException.class);
    }
}
