package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.event.Ids;
import dev.parley.redis.CallInterceptor;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.KillArgs;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The archive on a standalone server. */
class ArchiverIT extends ArchiverContract {

    /** The scan that comes by itself is minutes away. */
    @Test
    void whatALostConnectionLeftUnmarkedIsFoundWhenRedisIsBack() {
        String name = "cut-" + Ids.random();
        try (GatedRedis cut = GatedRedis.connect(TestRedis.uri(), name)) {
            Disposable archiving = archiver(cut.redis(), "one").run().subscribe();
            get(sessions().create(AGENT, c, null, Map.of(), null));
            awaitArchived();
            assertThat(commands().hincrby(keys.session(c), "version", 1)).isPositive();

            kill(name);
            awaitFound();
            archiving.dispose();
        }
    }

    private static void kill(String name) {
        TestRedis.commands()
                .clientList()
                .lines()
                .filter(line -> line.contains(" name=" + name + " "))
                .map(line -> Long.valueOf(line.substring("id=".length(), line.indexOf(' '))))
                .forEach(id -> assertThat(TestRedis.commands().clientKill(KillArgs.Builder.id(id)))
                        .isOne());
    }

    /** Fails one call, before Redis gets it or when Redis has answered it, and all that come behind it: whoever made them is dead. */
    private static final class Death implements CallInterceptor {
        private final int at;
        private final boolean answered;
        private final AtomicInteger calls = new AtomicInteger();
        private final AtomicBoolean dead = new AtomicBoolean();

        Death(int at, boolean answered) {
            this.at = at;
            this.answered = answered;
        }

        @Override
        public <T> Publisher<T> around(String master, Publisher<T> call) {
            return Flux.defer(() -> {
                int number = calls.getAndIncrement();
                if (number < at) {
                    return call;
                }
                Mono<T> death = Mono.<T>never().doOnSubscribe(now -> dead.set(true));
                return number == at && answered ? Flux.from(call).thenMany(death) : death;
            });
        }
    }

    @Test
    void anArchiverThatIsKilledAtAnyStepLosesAndRepeatsNothing() {
        List<String> all = List.of(create(), create(), create());
        int messages = 0;
        // Looking, taking, three reads, three notes of what is copied, acknowledging: and some of the next round.
        int steps = 20;
        for (int step = 0; step < 2 * steps; step++) {
            int from = messages + 1;
            messages += 3;
            int to = messages;
            all.forEach(one -> append(one, from, to));
            Death death = new Death(step / 2, step % 2 == 1);
            Redis mortal = new Redis(
                    RedisTopology.parse(TestRedis.uri()), "mortal", TestSettings.of(RedisSettings.class), death);
            mortal.open();
            mortal.reached().block(Patience.ofSeconds(10));
            Disposable archiving = archiver(mortal, "mortal-" + step).run().subscribe();
            Await.until("step " + step + " is reached", death.dead::get);
            archiving.dispose();
            mortal.close().block(Patience.ofSeconds(10));
        }
        archived();
        for (String one : all) {
            assertThat(recorded(one)).isEqualTo(numbers(1, messages));
            assertThat(get(sessions().get(AGENT, one)).session().number("message_count"))
                    .isEqualTo(messages);
        }
    }
}
