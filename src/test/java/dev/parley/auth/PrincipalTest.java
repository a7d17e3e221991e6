package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PrincipalTest {

    @Test
    void aGrantByNameReachesTheConversationWhoeverItBelongsTo() {
        assertThat(granted("c1", "c2").access("c1")).isEqualTo(new Access("acme", false, true));
    }

    @Test
    void withoutAGrantTheConversationMustExistAndBelongToTheTenant() {
        assertThat(granted("c1").access("c2")).isEqualTo(new Access("acme", true, false));
        assertThat(granted().access("c2")).isEqualTo(new Access("acme", true, false));
    }

    @Test
    void theGrantOfAnyIsForTheTenantsOwnAndForNewOnes() {
        assertThat(granted("*").access("c1")).isEqualTo(new Access("acme", true, true));
    }

    @Test
    void aNameBesideTheGrantOfAnyStillReachesPastTheTenant() {
        assertThat(granted("*", "c1").access("c1")).isEqualTo(new Access("acme", false, true));
    }

    @Test
    void theGrantOfAnyIsNoGrantOfTheConversationOfThatName() {
        assertThat(granted("*").access("*").checked()).isTrue();
    }

    @Test
    void whoIsUnrestrictedMayDoEverythingInTheDefaultTenant() {
        Principal local = Principal.local("default");

        assertThat(local.access("c1")).isEqualTo(new Access("default", false, true));
        assertThat(local.access("*")).isEqualTo(new Access("default", false, true));
        assertThat(local.expires()).isNull();
        assertThatCode(() -> {
                    local.require(Role.USER);
                    local.require(Role.AGENT);
                })
                .doesNotThrowAnyException();
    }

    @Test
    void eitherRoleWillDoWhereAnyIsNeededButNoneWillNot() {
        assertThatCode(() -> granted().requireAnyRole()).doesNotThrowAnyException();
        Principal nobody = new Principal("anna", "acme", Set.of(), Set.of(), null, false);
        assertThatThrownBy(nobody::requireAnyRole)
                .isInstanceOfSatisfying(
                        ParleyException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.FORBIDDEN));
    }

    @Test
    void isTheSameByPersonAndTenantWhateverElseTheTokenSays() {
        Principal anna = new Principal("anna", "acme", Set.of(), Set.of(), null, false);
        assertThat(anna.isSameAs(new Principal("anna", "acme", Set.of(Role.USER), Set.of("c"), null, true)))
                .isTrue();
        assertThat(anna.isSameAs(new Principal("bob", "acme", Set.of(), Set.of(), null, false)))
                .isFalse();
        assertThat(anna.isSameAs(new Principal("anna", "other", Set.of(), Set.of(), null, false)))
                .isFalse();
    }

    @Test
    void aMissingRoleIsRefusedByName() {
        Principal user = granted();

        assertThatCode(() -> user.require(Role.USER)).doesNotThrowAnyException();
        assertThatThrownBy(() -> user.require(Role.AGENT))
                .isInstanceOfSatisfying(
                        ParleyException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.FORBIDDEN))
                .hasMessageContaining("agent");
    }

    private static Principal granted(String... conversations) {
        return new Principal("ann", "acme", Set.of(Role.USER), Set.of(conversations), null, false);
    }
}
