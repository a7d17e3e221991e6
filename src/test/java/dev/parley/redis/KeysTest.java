package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.cluster.SlotHash;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
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

    /** So that an ACL rule for the prefix covers everything. */
    @Test
    void everyKeyAndChannelBeginsWithThePrefix() {
        Keys keys = new Keys("shared:");
        List<Method> all = Stream.of(Keys.class.getDeclaredMethods())
                .filter(method -> method.getReturnType() == String.class && !Modifier.isPrivate(method.getModifiers()))
                .filter(method -> !List.of("toString", "conversation").contains(method.getName()))
                .toList();

        assertThat(all)
                .hasSizeGreaterThan(30)
                .allSatisfy(method -> assertThat((String) method.invoke(keys, arguments(method)))
                        .startsWith("shared:"));
    }

    private static Object[] arguments(Method method) {
        // Methods for a key beside another one are given that key.
        String text = Set.of("lease", "readers", "read", "refused", "imported", "cacheFlight", "cacheSeedEpoch")
                        .contains(method.getName())
                ? "shared:k"
                : "x";
        return Stream.of(method.getParameterTypes())
                .map(type -> type == String.class ? text : (Object) 1L)
                .toArray();
    }

    @Test
    void whatIsBesideAKeyIsOnItsSlot() {
        for (Keys keys : List.of(Keys.DEFAULT, new Keys("shared:"))) {
            String stream = keys.stream("agent:events:stream");
            assertThat(List.of(keys.lease(stream), keys.readers(stream), keys.read(stream), keys.refused(stream)))
                    .extracting(SlotHash::getSlot)
                    .containsOnly(SlotHash.getSlot(stream));
            assertThat(SlotHash.getSlot(keys.inboxSeen("triage"))).isEqualTo(SlotHash.getSlot(keys.inbox("triage")));
            String cached = keys.cachedBySeed("0a");
            assertThat(List.of(keys.cacheFlight(cached), keys.cacheSeedEpoch(cached)))
                    .extracting(SlotHash::getSlot)
                    .containsOnly(SlotHash.getSlot(cached));
        }
    }

    /** Nodes of before and after an upgrade share them. */
    @Test
    void withoutAPrefixTheLeaseHasTheNameThatItAlwaysHad() {
        assertThat(Keys.DEFAULT.lease("agent:events:stream")).isEqualTo("{agent:events:stream}:lease");
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
