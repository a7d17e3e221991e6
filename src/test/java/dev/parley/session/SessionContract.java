package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.store.AppendRequest;
import dev.parley.store.RedisEventStore;
import dev.parley.store.SessionMessage;
import dev.parley.store.StoreSettings;
import dev.parley.support.Patience;
import io.lettuce.core.Range;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What sessions do, on whatever topology of Redis. */
interface SessionContract {

    Redis redis();

    /** To look into Redis and to break things. */
    RedisClusterCommands<String, String> commands();

    private RedisEventStore log() {
        return new RedisEventStore(redis(), Keys.DEFAULT, TestSettings.of(StoreSettings.class));
    }

    private Sessions sessions() {
        return new Sessions(redis(), Keys.DEFAULT, log(), Archive.NONE, AuditListener.NONE, conversation -> false);
    }

    private static Principal agentOf(String tenant) {
        return new Principal("bot", tenant, Set.of(Role.AGENT), Set.of(Principal.ANY), null, false);
    }

    private static Principal agent() {
        return agentOf("acme");
    }

    @CanIgnoreReturnValue
    private static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }

    private static void refused(ErrorCode code, Mono<?> mono) {
        assertThatThrownBy(() -> mono.block(Patience.ofSeconds(10)))
                .isInstanceOfSatisfying(
                        ParleyException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(code));
    }

    private static NewMessage message(String role, String text) {
        return new NewMessage(role, "\"" + text + "\"", 5, null, null, null, null, null, role.equals("system"));
    }

    private static NewMessage calling(String call) {
        return new NewMessage("assistant", "\"\"", 0, "bot", null, null, "[{\"id\":\"" + call + "\"}]", null, false);
    }

    private static NewMessage result(String call) {
        return new NewMessage("tool", "\"42\"", 0, "bot", null, null, null, call, false);
    }

    private String created() {
        String c = Ids.random();
        get(sessions().create(agent(), c, null, Map.of(), null));
        return c;
    }

    @CanIgnoreReturnValue
    private Sessions.Changed append(String c, NewMessage message) {
        return get(sessions().append(agent(), c, message, null, null));
    }

    private List<String> events(String c) {
        return commands().xrange(Keys.DEFAULT.log(c), Range.unbounded()).stream()
                .map(entry -> entry.getBody().get("e"))
                .toList();
    }

    @Test
    default void aSessionIsMadeOnce() {
        String c = Ids.random();
        Sessions.Changed made =
                get(sessions().create(agent(), c, "billing", Map.of("plan", "{\"tier\":1.50}"), "key-1"));
        assertThat(made.session().text("tenant_id")).isEqualTo("acme");
        assertThat(made.session().text("current_agent")).isEqualTo("billing");
        assertThat(made.session().status()).isEqualTo("active");
        assertThat(made.session().context()).isEqualTo(Map.of("plan", "{\"tier\":1.50}"));
        assertThat(events(c)).singleElement().asString().contains("session.created");

        Sessions.Changed again = get(sessions().create(agent(), c, "billing", Map.of(), "key-1"));
        assertThat(again.repeated()).isTrue();
        assertThat(again.position()).isEqualTo(made.position());
        refused(ErrorCode.CONFLICT, sessions().create(agent(), c, null, Map.of(), "key-2"));
        assertThat(events(c)).hasSize(1);
    }

    @Test
    default void whatIsNotThereIsNotMadeByAChange() {
        String c = Ids.random();
        refused(ErrorCode.NOT_FOUND, sessions().append(agent(), c, message("user", "hi"), null, null));
        refused(ErrorCode.NOT_FOUND, sessions().handOff(agent(), c, "billing", null, null));
        refused(ErrorCode.NOT_FOUND, sessions().update(agent(), c, Map.of("a", "1"), null));
        refused(ErrorCode.NOT_FOUND, sessions().complete(agent(), c, null, null));
        refused(ErrorCode.NOT_FOUND, sessions().get(agent(), c));
        for (String key : List.of(
                Keys.DEFAULT.session(c),
                Keys.DEFAULT.messages(c),
                Keys.DEFAULT.context(c),
                Keys.DEFAULT.log(c),
                Keys.DEFAULT.meta(c))) {
            assertThat(commands().exists(key)).describedAs(key).isZero();
        }
    }

    @Test
    default void anotherTenantsSessionIsAsIfItWereNotThere() {
        String c = created();
        Principal other = agentOf("other");
        refused(ErrorCode.NOT_FOUND, sessions().get(other, c));
        refused(ErrorCode.NOT_FOUND, sessions().window(other, c, 50, Long.MAX_VALUE));
        refused(ErrorCode.NOT_FOUND, sessions().history(other, c, 0, 10));
        refused(ErrorCode.NOT_FOUND, sessions().append(other, c, message("user", "hi"), null, null));
        refused(ErrorCode.NOT_FOUND, sessions().update(other, c, Map.of("a", "1"), null));
        refused(ErrorCode.NOT_FOUND, sessions().handOff(other, c, "billing", null, null));
        refused(ErrorCode.NOT_FOUND, sessions().complete(other, c, null, null));
        refused(ErrorCode.NOT_FOUND, sessions().delete(other, c, null));
        refused(ErrorCode.NOT_FOUND, sessions().fork(other, c, 0, Ids.random(), null));
        refused(ErrorCode.NOT_FOUND, sessions().create(other, c, null, Map.of(), null));
        assertThat(events(c)).hasSize(1);
    }

    @Test
    default void fiveHundredAppendsFromFiftyAtOnceAreAllThere() {
        String c = created();
        Sessions sessions = sessions();
        List<Long> numbers = get(Flux.range(0, 500)
                .flatMap(
                        i -> sessions.append(
                                        agent(), c, message(i % 2 == 0 ? "user" : "assistant", "m" + i), null, "k" + i)
                                .map(Sessions.Changed::seq),
                        50)
                .collectList());
        assertThat(numbers)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(1, 500).mapToObj(Long::valueOf).toList());
        SessionView read = get(sessions.get(agent(), c));
        assertThat(read.session().number("message_count")).isEqualTo(500);
        assertThat(read.session().number("turn_count")).isEqualTo(250);
        assertThat(read.session().number("token_count")).isEqualTo(2_500);
        assertThat(get(sessions.window(agent(), c, 50, Long.MAX_VALUE)).messages())
                .extracting(SessionMessage::seq)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(451, 500).mapToObj(Long::valueOf).toList());
        assertThat(commands().xlen(Keys.DEFAULT.messages(c))).isEqualTo(50);
    }

    @Test
    default void aMessageIsAppendedOnceForItsKey() {
        String c = created();
        Sessions.Changed first = get(sessions().append(agent(), c, message("user", "hi"), null, "k"));
        Sessions.Changed again = get(sessions().append(agent(), c, message("user", "hi"), null, "k"));
        assertThat(again.repeated()).isTrue();
        assertThat(again.seq()).isEqualTo(first.seq()).isOne();
        assertThat(again.session().number("message_count")).isOne();
        assertThat(events(c)).hasSize(2).last().asString().contains("\"seq\":1,");
    }

    @Test
    default void anExpectedNumberThatIsNotTheLastOneIsAConflict() {
        String c = created();
        assertThat(get(sessions().append(agent(), c, message("user", "one"), 0L, null))
                        .seq())
                .isOne();
        refused(ErrorCode.CONFLICT, sessions().append(agent(), c, message("user", "two"), 0L, null));
        assertThat(get(sessions().append(agent(), c, message("user", "two"), 1L, null))
                        .seq())
                .isEqualTo(2);
        refused(ErrorCode.CONFLICT, sessions().complete(agent(), c, 1L, null));
    }

    @Test
    default void onlyOneOfManyThatExpectTheSameNumberWins() {
        String c = created();
        Sessions sessions = sessions();
        List<String> outcomes = get(Flux.range(0, 20)
                .flatMap(
                        i -> sessions.append(agent(), c, message("user", "m" + i), 0L, null)
                                .map(changed -> "won")
                                .onErrorResume(
                                        ParleyException.class,
                                        refusal -> Mono.just(refusal.code().wire())),
                        20)
                .collectList());
        assertThat(outcomes).hasSize(20).containsOnlyOnce("won").contains("conflict");
        assertThat(get(sessions.get(agent(), c)).session().number("message_count"))
                .isOne();
    }

    @Test
    default void patchesOfManyAtOnceAreAllThere() {
        String c = created();
        Sessions sessions = sessions();
        get(Flux.range(0, 40)
                .flatMap(i -> sessions.update(agent(), c, Map.of("cart", "{\"item-" + i + "\":" + i + "}"), null), 8)
                .collectList());
        String cart = Objects.requireNonNull(
                get(sessions.get(agent(), c)).session().context().get("cart"));
        for (int i = 0; i < 40; i++) {
            assertThat(cart).contains("\"item-" + i + "\":" + i);
        }
    }

    @Test
    default void aPatchMergesAndNullTakesAway() {
        String c = created();
        get(sessions()
                .update(agent(), c, Map.of("a", "{\"x\":{\"y\":1,\"z\":[]},\"n\":1e-05}", "b", "\"text\""), null));
        Sessions.Changed changed =
                get(sessions().update(agent(), c, Map.of("a", "{\"x\":{\"y\":null,\"w\":2}}", "b", "null"), null));
        assertThat(changed.session().context()).containsOnlyKeys("a");
        assertThat(changed.session().context().get("a"))
                .contains("\"z\":[]", "\"w\":2")
                .doesNotContain("\"y\"");
    }

    @Test
    default void aHandOffDecidesWhoIsSpokenTo() {
        String c = created();
        Sessions.Changed handed = get(sessions().handOff(agent(), c, "billing", "refund", null));
        assertThat(handed.session().text("current_agent")).isEqualTo("billing");
        assertThat(get(log().currentAgent(c, "nobody"))).isEqualTo("billing");
        assertThat(events(c)).last().asString().contains("agent.handoff.completed", "\"to\":\"billing\"");
    }

    @Test
    default void whatIsCompletedTakesNoMoreAndItsIdMayBeUsedAgain() {
        String c = created();
        append(c, message("user", "one"));
        long generation = get(sessions().get(agent(), c)).session().number("generation");
        assertThat(get(sessions().complete(agent(), c, null, null)).session().status())
                .isEqualTo("completed");
        refused(ErrorCode.GONE, sessions().append(agent(), c, message("user", "two"), null, null));
        refused(ErrorCode.GONE, sessions().handOff(agent(), c, "billing", null, null));
        refused(ErrorCode.GONE, sessions().complete(agent(), c, null, null));
        assertThat(get(sessions().window(agent(), c, 50, Long.MAX_VALUE)).messages())
                .hasSize(1);

        Sessions.Changed again = get(sessions().create(agent(), c, null, Map.of(), null));
        assertThat(again.session().number("generation")).isGreaterThan(generation);
        assertThat(again.session().number("message_count")).isZero();
        assertThat(append(c, message("user", "anew")).seq()).isOne();
    }

    @Test
    default void whatIsDeletedIsGoneFromRedis() {
        String c = created();
        append(c, message("user", "secret"));
        get(sessions().delete(agent(), c, null));
        refused(ErrorCode.GONE, sessions().get(agent(), c));
        refused(ErrorCode.GONE, sessions().window(agent(), c, 50, Long.MAX_VALUE));
        refused(ErrorCode.GONE, sessions().append(agent(), c, message("user", "two"), null, null));
        assertThat(commands().exists(Keys.DEFAULT.messages(c))).isZero();
        assertThat(events(c))
                .singleElement()
                .asString()
                .contains("session.deleted")
                .doesNotContain("secret");
    }

    @Test
    default void whatIsDeletedLeavesNothingForForksAndTakesNoLateAnswer() {
        String c = created();
        append(c, message("system", "secret"));
        append(c, message("user", "secret"));
        agentSays(c, "agent.run.started", "");
        get(sessions().delete(agent(), c, null));
        agentSays(c, "agent.run.completed", ",\"content\":\"late\"");
        refused(ErrorCode.GONE, sessions().fork(agent(), c, 1, Ids.random(), null));
        assertThat(commands().hgetall(Keys.DEFAULT.session(c)).toString()).doesNotContain("secret");
        assertThat(commands().exists(Keys.DEFAULT.messages(c))).isZero();
    }

    private void agentSays(String c, String event, String more) {
        byte[] json = ("{\"event\":\"" + event + "\",\"payload\":{\"conversation_id\":\"" + c + "\",\"run\":\"r\""
                        + more + "}}")
                .getBytes(StandardCharsets.UTF_8);
        get(log().append(null, List.of(new AppendRequest(EventCodec.parse(json), null, null))));
    }

    @Test
    default void aChangeThatIsKnownOfASessionThatIsNotThereIsNotAnswered() {
        String c = created();
        get(sessions().append(agent(), c, message("user", "hi"), null, "k"));
        commands().del(Keys.DEFAULT.session(c));
        refused(ErrorCode.NOT_FOUND, sessions().append(agent(), c, message("user", "hi"), null, "k"));
    }

    @Test
    default void aForkGoesOnFromThere() {
        String c = created();
        get(sessions().update(agent(), c, Map.of("plan", "\"pro\""), null));
        for (int i = 1; i <= 5; i++) {
            append(c, message("user", "m" + i));
        }
        String fork = Ids.random();
        Sessions.Changed forked = get(sessions().fork(agent(), c, 3, fork, null));
        assertThat(forked.session().number("message_count")).isEqualTo(3);
        assertThat(forked.session().context()).containsEntry("plan", "\"pro\"");
        assertThat(append(fork, message("user", "other")).seq()).isEqualTo(4);
        assertThat(get(sessions().window(agent(), fork, 50, Long.MAX_VALUE)).messages())
                .extracting(message -> message.field("content"))
                .containsExactly("\"m1\"", "\"m2\"", "\"m3\"", "\"other\"");
        assertThat(get(sessions().get(agent(), c)).session().number("message_count"))
                .isEqualTo(5);
        refused(ErrorCode.BAD_REQUEST, sessions().fork(agent(), c, 6, Ids.random(), null));
    }

    @Test
    default void aWindowHasNoResultWithoutItsCallAndKeepsThePrompt() {
        String c = created();
        append(c, message("system", "be kind"));
        append(c, calling("call-1"));
        append(c, result("call-1"));
        for (int i = 0; i < 48; i++) {
            append(c, message("user", "m" + i));
        }
        List<SessionMessage> window =
                get(sessions().window(agent(), c, 50, Long.MAX_VALUE)).messages();
        assertThat(window).hasSize(49);
        assertThat(window.get(0).role()).isEqualTo("system");
        assertThat(window).noneMatch(message -> message.role().equals("tool"));
        assertThat(get(sessions().window(agent(), c, 10, Long.MAX_VALUE)).messages())
                .hasSize(10)
                .first()
                .extracting(SessionMessage::role)
                .isEqualTo("system");
        assertThat(get(sessions().window(agent(), c, 50, 22)).messages())
                .extracting(SessionMessage::tokens)
                .containsExactly(5L, 5L, 5L, 5L);
    }

    @Test
    default void aSessionSlidesAndOnlyActivityTouchesIt() {
        String c = Ids.random();
        StoreSettings brief = TestSettings.of(StoreSettings.class, "log.ttl", "10m");
        Sessions sessions = new Sessions(
                redis(),
                Keys.DEFAULT,
                new RedisEventStore(redis(), Keys.DEFAULT, brief),
                Archive.NONE,
                AuditListener.NONE,
                conversation -> false);
        get(sessions.create(agent(), c, null, Map.of("a", "1"), null));
        get(sessions.append(agent(), c, message("user", "hi"), null, null));
        List<String> keys = List.of(Keys.DEFAULT.session(c), Keys.DEFAULT.context(c), Keys.DEFAULT.messages(c));
        keys.forEach(key -> commands().pexpire(key, 5_000));
        get(sessions.window(agent(), c, 50, Long.MAX_VALUE));
        keys.forEach(key -> assertThat(commands().pttl(key)).isLessThanOrEqualTo(5_000));
        get(sessions.handOff(agent(), c, "billing", null, null));
        keys.forEach(key -> assertThat(commands().pttl(key)).isBetween(590_000L, 600_000L));
    }

    @Test
    default void whatWasDoneIsNotedAlsoWhenTheFirstAnswerWasLost() {
        String c = created();
        List<String> noted = new CopyOnWriteArrayList<>();
        AuditListener witness = new AuditListener() {
            @Override
            public void acted(
                    Principal who, String conversation, String action, Map<String, String> details, String id) {
                noted.add(action + " " + id);
            }

            @Override
            public void refused(Principal who, String conversation, String what) {
                noted.add("refused " + what);
            }
        };
        Sessions telling = new Sessions(redis(), Keys.DEFAULT, log(), Archive.NONE, witness, queued -> false);
        get(sessions().append(agent(), c, message("user", "hi"), null, "k0"));
        for (Sessions each : List.of(sessions(), telling)) {
            get(each.handOff(agent(), c, "billing", null, "k1"));
        }
        // A key that was another change's is refused, and nothing is noted.
        refused(ErrorCode.CONFLICT, telling.complete(agent(), c, null, "k0"));
        for (Sessions each : List.of(sessions(), telling)) {
            get(each.complete(agent(), c, null, "k2"));
        }
        refused(ErrorCode.CONFLICT, telling.delete(agent(), c, "k0"));
        for (Sessions each : List.of(sessions(), telling)) {
            get(each.delete(agent(), c, "k3"));
        }

        assertThat(noted).containsExactly("session.handoff k1", "session.complete k2", "session.delete k3");
    }

    @Test
    default void aLateAnswerMakesNoSession() {
        String c = Ids.random();
        agentSays(c, "agent.run.completed", ",\"content\":\"late\"");
        assertThat(commands().exists(Keys.DEFAULT.session(c))).isZero();
        refused(ErrorCode.NOT_FOUND, sessions().get(agent(), c));
    }

    @Test
    default void whatIsNotArchivedStaysAndIsMarkedOnce() {
        String c = Ids.random();
        StoreSettings settings =
                TestSettings.of(StoreSettings.class, "postgres.embedded", "true", "sessions.unarchived", "60");
        Sessions sessions = new Sessions(
                redis(),
                Keys.DEFAULT,
                new RedisEventStore(redis(), Keys.DEFAULT, settings),
                Archive.NONE,
                AuditListener.NONE,
                conversation -> false);
        long before = commands().xlen(Keys.DEFAULT.dirty());
        get(sessions.create(agent(), c, null, Map.of(), null));
        for (int i = 0; i < 60; i++) {
            get(sessions.append(agent(), c, message("user", "m" + i), null, null));
        }
        refused(ErrorCode.OVERLOADED, sessions.append(agent(), c, message("user", "more"), null, null));
        assertThat(commands().xlen(Keys.DEFAULT.messages(c))).isEqualTo(60);
        assertThat(commands().xlen(Keys.DEFAULT.dirty())).isEqualTo(before + 1);
        assertThat(commands().pttl(Keys.DEFAULT.messages(c)))
                .isGreaterThan(Duration.ofDays(6).toMillis());
        // What a fork begins with is not what it has said itself.
        String fork = Ids.random();
        get(sessions.fork(agent(), c, 60, fork, null));
        assertThat(get(sessions.append(agent(), fork, message("user", "on"), null, null))
                        .seq())
                .isEqualTo(61);
        get(sessions.complete(agent(), c, null, null));
        refused(ErrorCode.OVERLOADED, sessions.create(agent(), c, null, Map.of(), null));
    }

    @Test
    default void aSessionOfFiftyMessagesIsSmallInRedis() {
        String c = created();
        int each = 10 * 1024 / 50;
        long content = 0;
        for (int i = 0; i < 50; i++) {
            String number = Integer.toString(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));
            String text = number + "x".repeat(each + 1 - number.length());
            content += text.length();
            append(c, message("user", text));
        }
        assertThat(content).isGreaterThanOrEqualTo(10 * 1024);
        long bytes =
                commands().memoryUsage(Keys.DEFAULT.session(c)) + commands().memoryUsage(Keys.DEFAULT.messages(c));
        System.out.println(
                "a session of 50 messages, " + content + " bytes of text, takes " + bytes + " bytes in Redis");
        assertThat(bytes).isLessThan(20 * 1024);
    }
}
