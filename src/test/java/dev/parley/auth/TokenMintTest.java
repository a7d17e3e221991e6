package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TokenMintTest {

    private static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

    private final TokenMint mint = new TokenMint(SECRET, CLOCK);

    @Test
    void whatIsMintedIsWhatIsRead() {
        String token =
                mint.mint("ann", "acme", Set.of(Role.USER, Role.AGENT), Set.of("c1", "c/2"), Duration.ofMinutes(10));

        assertThat(JwtAuthenticator.of(SECRET, "default", CLOCK).authenticate(token))
                .isEqualTo(new Principal(
                        "ann",
                        "acme",
                        Set.of(Role.USER, Role.AGENT),
                        Set.of("c1", "c/2"),
                        NOW.plusSeconds(630),
                        false));
    }

    @Test
    void theGrantOfAnyIsMintedToo() {
        String token = mint.mint("ann", "acme", Set.of(), Set.of(Principal.ANY), Duration.ofSeconds(1));

        Principal principal = JwtAuthenticator.of(SECRET, "default", CLOCK).authenticate(token);

        assertThat(principal.conversations()).containsExactly("*");
        assertThat(principal.roles()).isEmpty();
    }

    @Test
    void whatIsNoIdIsNotMinted() {
        refuses("subject", "", "acme", "c1");
        refuses("tenant", "ann", "ac me", "c1");
        refuses("conversation", "ann", "acme", "c{1}");
    }

    @Test
    void aTokenThatIsOverAtOnceIsNotMinted() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mint.mint("ann", "acme", Set.of(), Set.of(), Duration.ofMillis(999)))
                .withMessageContaining("ttl");
    }

    @Test
    void aShortSecretIsRefusedWithItsLength() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TokenMint(new byte[31], CLOCK))
                .withMessageContaining("at least 32")
                .withMessageContaining("31");
    }

    private void refuses(String field, String subject, String tenant, String conversation) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mint.mint(subject, tenant, Set.of(), Set.of(conversation), Duration.ofMinutes(1)))
                .withMessageStartingWith(field);
    }
}
