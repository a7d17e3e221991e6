package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.util.Base64URL;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Patience;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class JwtAuthenticatorTest {

    private static final byte[] SECRET =
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

    private final Authenticator authenticator = JwtAuthenticator.of(SECRET, "default", CLOCK);

    @Test
    void everyClaimIsRead() {
        Principal principal = authenticator.authenticate(signed("""
                {"sub":"ann","tenant":"acme","roles":["agent","user"],"conversations":["c1","c2"],"exp":1800000060}"""));

        assertThat(principal)
                .isEqualTo(new Principal(
                        "ann", "acme", Set.of(Role.USER, Role.AGENT), Set.of("c1", "c2"), NOW.plusSeconds(90), false));
    }

    @Test
    void aTokenWithoutTenantRolesAndConversationsGetsTheDefaults() {
        Principal principal = authenticator.authenticate(signed("""
                {"sub":"ann","exp":1800000060}"""));

        assertThat(principal.tenant()).isEqualTo("default");
        assertThat(principal.roles()).containsExactly(Role.USER);
        assertThat(principal.conversations()).isEmpty();
        assertThat(principal.unrestricted()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"*\"", "[\"*\"]"})
    void anyConversationMayBeGrantedAloneOrInAnArray(String conversations) {
        String token = signed("{\"sub\":\"ann\",\"exp\":1800000060,\"conversations\":" + conversations + "}");

        assertThat(authenticator.authenticate(token).conversations()).containsExactly(Principal.ANY);
    }

    @Test
    void aMissingTokenIsRefusedWithTheWayToSendIt() {
        assertThat(refusal(null)).hasMessageContaining("missing").hasMessageContaining("Bearer");
        assertThat(refusal(" ")).hasMessageContaining("missing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "a.b.c", "....", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.e30", "e30.e30.e30"})
    void whatIsNoJwtIsMalformedAndNotRepeated(String token) {
        assertThat(refusal(token)).hasMessageContaining("malformed");
        assertThat(refusal(token + "secret")).message().doesNotContain("secret");
    }

    @Test
    void aTokenIsGoodUntilThirtySecondsAfterItsEnd() {
        String token = signed("{\"sub\":\"ann\",\"exp\":1800000000}");

        assertThat(at(NOW.plusMillis(29_999)).authenticate(token).expires()).isEqualTo(NOW.plusSeconds(30));
        assertThatThrownBy(() -> at(NOW.plusSeconds(30)).authenticate(token)).hasMessageContaining("expired");
    }

    @Test
    void aTokenIsGoodFromThirtySecondsBeforeItsBeginning() {
        String token = signed("{\"sub\":\"ann\",\"exp\":1800001000,\"nbf\":1800000000}");

        assertThat(at(NOW.minusSeconds(30)).authenticate(token).subject()).isEqualTo("ann");
        assertThatThrownBy(() -> at(NOW.minusMillis(30_001)).authenticate(token))
                .hasMessageContaining("not good yet");
    }

    @Test
    void aTokenThatNeverExpiresIsRefused() {
        assertThat(refusal(signed("{\"sub\":\"ann\"}"))).hasMessageContaining("exp is missing");
    }

    @Test
    void aTokenOfAnotherSecretIsRefused() throws JOSEException {
        byte[] other = new byte[32];
        String token = sign(JWSAlgorithm.HS256, other, "{\"sub\":\"ann\",\"exp\":1800000060}");

        assertThat(refusal(token)).hasMessageContaining("signature");
    }

    @Test
    void aTokenWhoseClaimsWereChangedIsRefused() {
        String[] parts = signed("{\"sub\":\"ann\",\"exp\":1800000060}").split("\\.", -1);
        String changed = parts[0] + "." + Base64URL.encode("{\"sub\":\"bob\",\"exp\":1800000060}") + "." + parts[2];

        assertThat(refusal(changed)).hasMessageContaining("signature");
    }

    @Test
    void aTokenWithoutAnAlgorithmIsRefused() {
        String header = Base64URL.encode("{\"alg\":\"none\"}").toString();
        String claims = Base64URL.encode("{\"sub\":\"ann\",\"exp\":1800000060}").toString();

        assertThat(refusal(header + "." + claims + ".")).hasMessageContaining("HS256");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HS384", "HS512"})
    void anyOtherAlgorithmIsRefusedThoughTheSecretIsRight(String algorithm) throws JOSEException {
        String token = sign(JWSAlgorithm.parse(algorithm), SECRET, "{\"sub\":\"ann\",\"exp\":1800000060}");

        assertThat(refusal(token)).hasMessageContaining("HS256");
    }

    @Test
    void aCriticalHeaderThatNobodyUnderstandsIsRefused() throws JOSEException {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS256)
                .criticalParams(Set.of("cap"))
                .customParam("cap", "x")
                .build();
        JWSObject token = new JWSObject(header, new Payload("{\"sub\":\"ann\",\"exp\":1800000060}"));
        token.sign(new MACSigner(SECRET));

        assertThat(refusal(token.serialize())).hasMessageContaining("signature");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            sub           | {"exp":1800000060}
            sub           | {"exp":1800000060,"sub":""}
            sub           | {"exp":1800000060,"sub":"a b"}
            malformed     | {"exp":1800000060,"sub":["ann"]}
            tenant        | {"exp":1800000060,"sub":"ann","tenant":"a{b}"}
            malformed     | {"exp":1800000060,"sub":"ann","tenant":7}
            unknown role  | {"exp":1800000060,"sub":"ann","roles":["user","admin"]}
            unknown role  | {"exp":1800000060,"sub":"ann","roles":["USER"]}
            unknown role  | {"exp":1800000060,"sub":"ann","roles":[null]}
            malformed     | {"exp":1800000060,"sub":"ann","roles":"user"}
            malformed     | {"exp":1800000060,"sub":"ann","roles":[1]}
            conversations | {"exp":1800000060,"sub":"ann","conversations":"c1"}
            conversations | {"exp":1800000060,"sub":"ann","conversations":["c 1"]}
            conversations | {"exp":1800000060,"sub":"ann","conversations":[1]}
            conversations | {"exp":1800000060,"sub":"ann","conversations":[null]}
            conversations | {"exp":1800000060,"sub":"ann","conversations":{"c1":true}}
            malformed     | {"exp":"soon","sub":"ann"}
            sub           | []
            malformed     | {
            """)
    void aWrongClaimIsRefusedByName(String expected, String claims) {
        assertThat(refusal(signed(claims))).hasMessageContaining(expected);
    }

    @Test
    void aTokenAsLongAsABookIsRefusedUnread() {
        assertThat(refusal("a".repeat(8 * 1024 + 1))).hasMessageContaining("too long");
    }

    @Test
    void aHeaderOfBracketsIsRefused() {
        String header = Base64URL.encode("{\"a\":" + "[".repeat(6_000)).toString();

        assertThat(refusal(header + ".e30.e30")).hasMessageContaining("malformed");
    }

    @Test
    void whateverHappensToATokenItIsRefusedAndNothingElse() {
        Random random = new Random(7);
        String token = signed("{\"sub\":\"ann\",\"exp\":1800000060}");

        for (int i = 0; i < 2_000; i++) {
            char[] mangled = token.toCharArray();
            // Not the last character: some of its bits are padding.
            mangled[random.nextInt(mangled.length - 1)] ^= (char) (1 + random.nextInt(126));
            String changed = new String(mangled);

            assertThat(catchThrowable(() -> authenticator.authenticate(changed)))
                    .as(changed)
                    .isInstanceOf(ParleyException.class);
        }
    }

    @Test
    void aShortSecretIsRefusedWithItsLength() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JwtAuthenticator.of(new byte[31], "default", CLOCK))
                .withMessageContaining("at least 32")
                .withMessageContaining("31");
    }

    @Test
    void aDefaultTenantThatIsNoIdIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JwtAuthenticator.of(SECRET, "the tenant", CLOCK))
                .withMessageContaining("default tenant");
    }

    @Test
    void nobodyIsAskedWhereAuthenticationIsOff() {
        assertThat(Authenticator.none("t").authenticate(null)).isEqualTo(Principal.local("t"));
        assertThat(Authenticator.none("t").authenticate("x")).isEqualTo(Principal.local("t"));
    }

    @Test
    void nothingBlocks() {
        String good = signed("{\"sub\":\"ann\",\"exp\":1800000060}");

        String subject = onThreadThatMustNotBlock(
                Mono.fromCallable(() -> authenticator.authenticate(good).subject()));
        Throwable refusal = catchThrowable(() -> onThreadThatMustNotBlock(
                Mono.fromCallable(() -> authenticator.authenticate("a.b.c").subject())));
        Throwable watched =
                catchThrowable(() -> onThreadThatMustNotBlock(Mono.fromCallable(JwtAuthenticatorTest::block)));

        assertThat(subject).isEqualTo("ann");
        assertThat(refusal).isInstanceOf(ParleyException.class);
        assertThat(watched).as("blocking is noticed at all").hasStackTraceContaining("BlockingOperationError");
    }

    private static String block() throws InterruptedException {
        Thread.sleep(1);
        return "blocked";
    }

    private static String onThreadThatMustNotBlock(Mono<String> work) {
        String result = work.subscribeOn(Schedulers.parallel()).block(Patience.ofSeconds(10));
        return result == null ? "" : result;
    }

    private static Authenticator at(Instant now) {
        return JwtAuthenticator.of(SECRET, "default", Clock.fixed(now, ZoneOffset.UTC));
    }

    private ParleyException refusal(@Nullable String token) {
        Throwable thrown = catchThrowable(() -> authenticator.authenticate(token));
        assertThat(thrown).isInstanceOf(ParleyException.class);
        ParleyException refusal = (ParleyException) thrown;
        assertThat(refusal.code()).isEqualTo(ErrorCode.UNAUTHENTICATED);
        return refusal;
    }

    private static String signed(String claims) {
        try {
            return sign(JWSAlgorithm.HS256, SECRET, claims);
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String sign(JWSAlgorithm algorithm, byte[] secret, String claims) throws JOSEException {
        JWSObject token = new JWSObject(new JWSHeader(algorithm), new Payload(claims));
        token.sign(new MACSigner(secret));
        return token.serialize();
    }
}
