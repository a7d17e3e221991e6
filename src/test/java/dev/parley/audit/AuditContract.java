package dev.parley.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.audit.ChainVerification.Broken;
import dev.parley.audit.ChainVerification.Reason;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.support.Patience;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What trails do, on whatever topology of Redis, without PostgreSQL. */
interface AuditContract {

    String SECRET = "a key of more than thirty-two bytes, for tests";
    byte[] KEY = SECRET.getBytes(UTF_8);

    Redis redis();

    /** To look into Redis and to break things. */
    RedisClusterCommands<String, String> commands();

    static AuditSettings settings(int maxEntries) {
        return settings("audit.key", SECRET, "audit.max-entries", String.valueOf(maxEntries));
    }

    static AuditSettings settings(String... changes) {
        return TestSettings.of(
                AuditSettings.class,
                Stream.concat(
                                Stream.of("node", "test", "auth.default-tenant", "house", "audit.ttl", "1h"),
                                Stream.of(changes))
                        .toArray(String[]::new));
    }

    default Audit audit() {
        return new Audit(redis(), Keys.DEFAULT, settings(10_000), null);
    }

    static Principal someone(String tenant) {
        return new Principal("anna", tenant, Set.of(Role.values()), Set.of(Principal.ANY), null, false);
    }

    Principal ACME = someone("acme");

    static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(30)));
    }

    @CanIgnoreReturnValue
    static AppendResult append(Audit audit, String conversation, int n) {
        return get(audit.append(ACME, conversation, "triage", "tool.called", "{\"n\":" + n + "}", "id-" + n));
    }

    static void fill(Audit audit, String conversation, int entries) {
        Flux.range(1, entries)
                .flatMapSequential(
                        n -> audit.append(ACME, conversation, "triage", "tool.called", "{\"n\":" + n + "}", "id-" + n),
                        256)
                .then()
                .block(Patience.ofSeconds(60));
    }

    static AuditPage page(Audit audit, String conversation, long after, @Nullable Long before, boolean newestFirst) {
        return get(audit.read(ACME, conversation, new AuditQuery(after, before, 4, newestFirst)));
    }

    static List<Long> numbers(AuditPage page) {
        return page.entries().stream().map(AuditEntry::seq).toList();
    }

    static void assertRefused(Mono<?> call, ErrorCode code) {
        assertThatThrownBy(() -> call.block(Patience.ofSeconds(10)))
                .asInstanceOf(InstanceOfAssertFactories.type(ParleyException.class))
                .extracting(ParleyException::code)
                .isEqualTo(code);
    }

    static ChainVerification verdict(Audit audit, String conversation) {
        return get(audit.verify(ACME, conversation));
    }

    static void assertWhole(Audit audit, String conversation, long entries) {
        ChainVerification verdict = verdict(audit, conversation);
        assertThat(verdict.broken()).isNull();
        assertThat(verdict.entries()).isEqualTo(entries);
        assertThat(verdict.last()).isEqualTo(entries);
    }

    static String stream(String conversation) {
        return "audit:conv:{" + conversation + "}";
    }

    static String head(String conversation) {
        return "audit:head:conv:{" + conversation + "}";
    }

    @Test
    default void pagesComeNewestOrOldestFirstWithExclusiveCursors() {
        Audit audit = audit();
        String conversation = "audit-" + Ids.random();
        for (int n = 1; n <= 10; n++) {
            assertThat(append(audit, conversation, n).seq()).isEqualTo(n);
        }

        assertThat(numbers(page(audit, conversation, 0, null, true))).containsExactly(10L, 9L, 8L, 7L);
        assertThat(numbers(page(audit, conversation, 0, 7L, true))).containsExactly(6L, 5L, 4L, 3L);
        assertThat(numbers(page(audit, conversation, 0, 3L, true))).containsExactly(2L, 1L);
        assertThat(numbers(page(audit, conversation, 0, null, false))).containsExactly(1L, 2L, 3L, 4L);
        assertThat(numbers(page(audit, conversation, 8, null, false))).containsExactly(9L, 10L);
        assertThat(numbers(page(audit, conversation, 3, 6L, false))).containsExactly(4L, 5L);
        assertThat(numbers(page(audit, "audit-" + Ids.random(), 0, null, true))).isEmpty();
        assertThat(page(audit, conversation, 0, null, true).entries().get(0))
                .returns("{\"n\":10}", AuditEntry::details)
                .returns("acme", AuditEntry::tenant)
                .returns("triage", AuditEntry::agent)
                .returns("tool.called", AuditEntry::action)
                .returns("id-10", AuditEntry::id)
                .returns(conversation, AuditEntry::conversation);
        assertWhole(audit, conversation, 10);
    }

    @Test
    default void theSameIdAgainAddsNothing() {
        Audit audit = audit();
        String conversation = "audit-" + Ids.random();
        AppendResult first = append(audit, conversation, 1);
        append(audit, conversation, 2);

        // Another node, and together with something new.
        Audit other = audit();
        List<AppendResult> again = Objects.requireNonNull(Flux.just(1, 3, 2)
                .flatMapSequential(
                        n -> other.append(ACME, conversation, "triage", "tool.called", "{\"n\":" + n + "}", "id-" + n),
                        3)
                .collectList()
                .block());

        assertThat(first.duplicate()).isFalse();
        assertThat(again).extracting(AppendResult::seq).containsExactly(1L, 3L, 2L);
        assertThat(again).extracting(AppendResult::duplicate).containsExactly(true, false, true);
        assertWhole(audit, conversation, 3);
    }

    @Test
    default void fiftyNodesWriteOneChain() {
        String conversation = "audit-" + Ids.random();
        List<AppendResult> added = Objects.requireNonNull(Flux.range(0, 50)
                .flatMap(
                        node -> {
                            Audit audit = audit();
                            return Flux.range(0, 10)
                                    .flatMap(
                                            n -> audit.append(
                                                    ACME, conversation, "agent-" + node, "did", "{}", node + "-" + n),
                                            5);
                        },
                        50)
                .collectList()
                .block(Patience.ofSeconds(60)));

        assertThat(added)
                .extracting(AppendResult::seq)
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.rangeClosed(1, 500).boxed().toList());
        assertWhole(audit(), conversation, 500);
    }

    @Test
    default void theFeedHasWhatAgentsKnow() {
        String conversation = "audit-" + Ids.random();
        append(audit(), conversation, 7);

        Map<String, String> entry = commands().xrevrange("agent:audit:log", Range.unbounded()).stream()
                .map(StreamMessage::getBody)
                .filter(body -> conversation.equals(body.get("conversation_id")))
                .findFirst()
                .orElseThrow();

        assertThat(entry).containsOnlyKeys("conversation_id", "agent", "action", "details", "timestamp");
        assertThat(entry)
                .containsEntry("agent", "triage")
                .containsEntry("action", "tool.called")
                .containsEntry("details", "{\"n\":7}");
    }

    @Test
    default void anotherTenantsTrailDoesNotExist() {
        Audit audit = audit();
        String conversation = "audit-" + Ids.random();
        append(audit, conversation, 1);
        Principal other = someone("other");

        assertRefused(audit.append(other, conversation, "a", "did", "{}", null), ErrorCode.NOT_FOUND);
        assertRefused(audit.read(other, conversation, new AuditQuery(0, null, 10, true)), ErrorCode.NOT_FOUND);
        assertRefused(audit.verify(other, conversation), ErrorCode.NOT_FOUND);
        assertRefused(audit.export(other, conversation).then(), ErrorCode.NOT_FOUND);
        assertWhole(audit, conversation, 1);
    }

    @Test
    default void aConversationsOwnTenantGoesBeforeWhoeverBeganItsTrail() {
        Audit audit = audit();
        String conversation = "audit-" + Ids.random();
        commands().hset("meta:conv:{" + conversation + "}", Map.of("log", "1-0 1 1", "tenant", "other"));

        assertRefused(audit.append(ACME, conversation, "a", "did", "{}", null), ErrorCode.NOT_FOUND);
        assertThat(get(audit.append(someone("other"), conversation, "a", "did", "{}", null))
                        .seq())
                .isEqualTo(1);
    }

    private static Map<String, String> entry(
            RedisClusterCommands<String, String> commands, String conversation, int n) {
        return new HashMap<>(commands.xrange(stream(conversation), Range.create(n + "-0", n + "-0"))
                .get(0)
                .getBody());
    }

    /** Writes the stream anew with what it is to have, in the order of the numbers. */
    private static void rewrite(
            RedisClusterCommands<String, String> commands,
            String conversation,
            Map<Integer, Map<String, String>> with) {
        List<StreamMessage<String, String>> before = commands.xrange(stream(conversation), Range.unbounded());
        assertThat(commands.del(stream(conversation))).isEqualTo(1);
        for (StreamMessage<String, String> message : before) {
            int n = Integer.parseInt(message.getId().split("-")[0]);
            Map<String, String> body = with.getOrDefault(n, message.getBody());
            assertThat(commands.xadd(stream(conversation), new XAddArgs().id(n + "-0"), body))
                    .isEqualTo("%d-0", n);
        }
    }

    private String tenEntries(Audit audit) {
        String conversation = "audit-" + Ids.random();
        fill(audit, conversation, 10);
        assertWhole(audit, conversation, 10);
        return conversation;
    }

    @Test
    default void eachFieldOfAnEntryIsSealed() {
        Audit audit = audit();
        String conversation = tenEntries(audit);
        for (String field : List.of(
                "conversation_id", "tenant_id", "agent", "action", "details", "timestamp", "id", "prev", "mac")) {
            Map<String, String> was = entry(commands(), conversation, 4);
            Map<String, String> changed = new HashMap<>(was);
            changed.merge(field, "x", String::concat);
            rewrite(commands(), conversation, Map.of(4, changed));
            assertThat(verdict(audit, conversation).broken()).as(field).isEqualTo(new Broken(4, Reason.CHANGED));
            rewrite(commands(), conversation, Map.of(4, was));
        }
        assertWhole(audit, conversation, 10);
    }

    @Test
    default void anEntryThatIsDeletedIsMissing() {
        Audit audit = audit();
        String conversation = tenEntries(audit);
        assertThat(commands().xdel(stream(conversation), "6-0")).isEqualTo(1);
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(6, Reason.MISSING));
    }

    @Test
    default void aBeginningOrAnEndThatIsCutOffIsMissing() {
        Audit audit = audit();
        String beginning = tenEntries(audit);
        assertThat(commands().xdel(stream(beginning), "1-0", "2-0")).isEqualTo(2);
        assertThat(verdict(audit, beginning).broken()).isEqualTo(new Broken(1, Reason.MISSING));

        String end = tenEntries(audit);
        assertThat(commands().xdel(stream(end), "10-0", "9-0")).isEqualTo(2);
        assertThat(verdict(audit, end).broken()).isEqualTo(new Broken(9, Reason.MISSING));
    }

    @Test
    default void entriesThatChangedPlacesAreChanged() {
        Audit audit = audit();
        String conversation = tenEntries(audit);
        rewrite(
                commands(),
                conversation,
                Map.of(3, entry(commands(), conversation, 8), 8, entry(commands(), conversation, 3)));
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(3, Reason.CHANGED));
    }

    @Test
    default void anEndThatIsNotTheNotedOneIsNamed() {
        Audit audit = audit();
        String conversation = tenEntries(audit);
        assertThat(commands().hset(head(conversation), "mac", "another")).isFalse();
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(10, Reason.HEAD));
    }

    @Test
    default void anotherKeySealsNothingHere() {
        Audit audit = audit();
        String conversation = tenEntries(audit);
        ChainVerification verdict = verdict(new Audit(redis(), Keys.DEFAULT, settings(), null), conversation);
        assertThat(verdict.broken()).isEqualTo(new Broken(1, Reason.CHANGED));
        assertThat(verdict.keyed()).isFalse();
    }

    @Test
    default void whatIsTrimmedByItsBoundIsNoBreak() {
        Audit audit = new Audit(redis(), Keys.DEFAULT, settings(100), null);
        String conversation = "audit-" + Ids.random();
        fill(audit, conversation, 250);

        assertThat(commands().xlen(stream(conversation))).isEqualTo(100);
        ChainVerification verdict = verdict(audit, conversation);
        assertThat(verdict.broken()).isNull();
        assertThat(verdict.first()).isEqualTo(151);
        assertThat(verdict.last()).isEqualTo(250);

        assertThat(commands().xdel(stream(conversation), "151-0")).isEqualTo(1);
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(1, Reason.MISSING));
    }

    @Test
    default void aTrailWhoseHeadIsLostGoesOnBehindItsLastEntry() {
        Audit audit = audit();
        String conversation = tenEntries(audit);
        assertThat(commands().del(head(conversation))).isEqualTo(1);

        assertThat(append(audit(), conversation, 11).seq()).isEqualTo(11);
        assertWhole(audit, conversation, 11);
    }

    @Test
    default void aNodeThatKnewAnotherEndChainsToTheOneThereIs() {
        Audit before = audit();
        String conversation = tenEntries(before);
        assertThat(commands().del(stream(conversation), head(conversation), "audit:seen:conv:{" + conversation + "}"))
                .isEqualTo(3);
        fill(audit(), conversation, 10);

        assertThat(append(before, conversation, 11).seq()).isEqualTo(11);
        assertWhole(before, conversation, 11);
    }

    @Test
    default void everyKeyEnds() {
        String conversation = tenEntries(audit());
        for (String key : List.of(stream(conversation), head(conversation), "audit:seen:conv:{" + conversation + "}")) {
            assertThat(commands().pttl(key)).as(key).isPositive();
        }
    }

    @Test
    default void whatTheGatewayNotesIsInTheTrailOfItsConversation() {
        Audit audit = audit();
        String conversation = "audit-" + Ids.random();
        IntStream.range(0, 300)
                .forEach(n -> audit.acted(ACME, conversation, "message.sent", Map.of("message_id", "m" + n), "m" + n));
        audit.acted(ACME, conversation, "message.sent", Map.of("message_id", "m0"), "m0");
        audit.idle().block(Patience.ofSeconds(10));

        assertWhole(audit, conversation, 300);
        assertThat(audit.dropped()).isZero();
        assertThat(page(audit, conversation, 0, null, false).entries())
                .extracting(AuditEntry::details)
                .containsExactly(
                        "{\"message_id\":\"m0\"}",
                        "{\"message_id\":\"m1\"}",
                        "{\"message_id\":\"m2\"}",
                        "{\"message_id\":\"m3\"}");
    }

    @Test
    default void whatIsRefusedIsInTheTrailOfWhoTriedItIfItIsAnothers() {
        Audit audit = audit();
        String conversation = "audit-" + Ids.random();
        Principal intruder = someone("t-" + Ids.random());
        commands().hset("meta:conv:{" + conversation + "}", Map.of("log", "1-0 1 1", "tenant", "acme"));

        audit.refused(intruder, "audit-" + Ids.random(), "send");
        audit.refused(intruder, conversation, "send");
        audit.idle().block(Patience.ofSeconds(10));

        List<AuditEntry> own = get(audit.read(intruder, null, new AuditQuery(0, null, 10, true)))
                .entries();
        assertThat(own).singleElement().satisfies(entry -> {
            assertThat(entry.action()).isEqualTo("access.denied");
            assertThat(entry.conversation()).isEqualTo(conversation);
            assertThat(entry.details()).isEqualTo("{\"attempt\":\"send\"}");
        });
        assertThat(page(audit, conversation, 0, null, true).entries()).isEmpty();
    }
}
