package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.cluster.SlotHash;
import java.util.List;
import org.junit.jupiter.api.Test;

final class KeysTest {

    /** Never the one way here and the other way there: a plain {@code session:conv:<id>} is nobody's. */
    @Test
    void whatAConversationHasIsBracedAndOnOneSlot() {
        for (Keys keys : List.of(Keys.DEFAULT, new Keys("shared:"))) {
            List<String> all = List.of(
                    keys.log("c:1"),
                    keys.meta("c:1"),
                    keys.seen("c:1"),
                    keys.runs("c:1"),
                    keys.session("c:1"),
                    keys.messages("c:1"),
                    keys.context("c:1"),
                    keys.live("c:1"),
                    keys.control("c:1"),
                    keys.audit("conv", "c:1"),
                    keys.auditHead("conv", "c:1"),
                    keys.auditSeen("conv", "c:1"));

            assertThat(all)
                    .doesNotHaveDuplicates()
                    .allSatisfy(key -> assertThat(key).contains("conv:{c:1}"));
            assertThat(all.stream().map(SlotHash::getSlot).distinct()).containsExactly(SlotHash.getSlot("c:1"));
            assertThat(keys.conversation(keys.session("c:1"))).isEqualTo("c:1");
        }
    }

    @Test
    void aTenantsLeaderboardIsOnOneSlot() {
        String board = Keys.DEFAULT.leaderboard("acme");
        assertThat(List.of(
                        board + ":2026-11-23:resolutions",
                        board + ":2026-11-23:total_time",
                        board + ":2026-11-24:total_count"))
                .extracting(SlotHash::getSlot)
                .containsOnly(SlotHash.getSlot("acme"));
    }
}
