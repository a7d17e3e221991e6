package dev.parley.llmcache.live;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.MemoryBudget;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** One node's answer, another's copy, and a way between them that loses messages. In virtual time. */
final class RemoteStreamTest {

    private static final MemoryBudget MEMORY = new MemoryBudget(1 << 30);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    private final LiveAnswer answer = new LiveAnswer(true, MEMORY);
    private final AtomicInteger messages = new AtomicInteger();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile IntPredicate lost = n -> false;
    private final RemoteStream feed = new RemoteStream(this::want, () -> ended.set(true), this::nanos, MEMORY);
    private final StreamSender outlet = new StreamSender("t:plain", answer, this::part, this::nanos);

    @AfterEach
    void close() {
        feed.dispose();
        outlet.dispose();
        VirtualTimeScheduler.reset();
    }

    private long nanos() {
        return time.now(TimeUnit.NANOSECONDS);
    }

    private void want(long from) {
        if (!lost.test(messages.getAndIncrement())) {
            LiveAnswerMessage want = sent(LiveAnswerMessage.want("t:plain", from, "n"));
            assertThat(want.wants()).isTrue();
            outlet.wanted(want.at());
        }
    }

    private Mono<Void> part(LiveAnswerMessage part) {
        return Mono.fromRunnable(() -> {
            if (!lost.test(messages.getAndIncrement())) {
                feed.heard(sent(part));
            }
        });
    }

    private static LiveAnswerMessage sent(LiveAnswerMessage message) {
        return Objects.requireNonNull(LiveAnswerMessage.decoded(message.encoded()));
    }

    private void add(String text) {
        answer.add(text.getBytes(UTF_8));
    }

    private static String text(Flux<byte[]> parts) {
        StringBuilder all = new StringBuilder();
        var reading = parts.subscribe(part -> all.append(new String(part, UTF_8)), e -> all.append('!'));
        assertThat(reading.isDisposed()).as("%s", all).isTrue();
        return all.toString();
    }

    private String everything() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 1_000; i++) {
            all.append(i).append(' ');
        }
        return all.toString();
    }

    private void sayEverything() {
        for (int i = 0; i < 1_000; i++) {
            add(i + " ");
            time.advanceTimeBy(Duration.ofMillis(7));
        }
        answer.end();
        time.advanceTimeBy(Duration.ofSeconds(4));
    }

    @Test
    void theCopyIsWhatTheAnswerIs() {
        feed.open();
        var following = feed.answer().events().subscribe();
        answer.show();
        sayEverything();
        assertThat(text(feed.answer().events())).isEqualTo(everything());
        assertThat(ended).isTrue();
        assertThat(following.isDisposed()).isTrue();
        assertThat(messages).as("several words go in one message").hasValueLessThan(500);
    }

    @Test
    void whatIsLostOnItsWayIsAskedForAgain() {
        lost = n -> n % 3 == 1;
        feed.open();
        var following = feed.answer().events().subscribe();
        answer.show();
        sayEverything();
        assertThat(text(feed.answer().events())).isEqualTo(everything());
        assertThat(following.isDisposed()).isTrue();
    }

    @Test
    void nothingIsToldOfWhatIsHiddenAndItIsShownWithItsFirstWord() {
        feed.open();
        StepVerifier.create(feed.answer().shown())
                .then(() -> {
                    add("a");
                    time.advanceTimeBy(Duration.ofSeconds(20));
                    assertThat(feed.answer().watched()).isTrue();
                    answer.show();
                })
                .expectNext(feed.answer())
                .verifyComplete();
    }

    @Test
    void whatIsCutOffIsCutOffHere() {
        feed.open();
        answer.show();
        add("a");
        time.advanceTimeBy(Duration.ofSeconds(1));
        answer.cut();
        time.advanceTimeBy(Duration.ofSeconds(1));
        assertThat(text(feed.answer().events())).isEqualTo("a!");
        assertThat(ended).isTrue();
    }

    @Test
    void whatEndsHiddenEndsHere() {
        feed.open();
        StepVerifier.create(feed.answer().shown())
                .then(() -> {
                    add("a");
                    answer.end();
                    time.advanceTimeBy(Duration.ofSeconds(2));
                })
                .verifyComplete();
        assertThat(ended).isTrue();
    }

    @Test
    void aNodeThatIsSilentIsGone() {
        feed.open();
        answer.show();
        add("a");
        StepVerifier following = StepVerifier.create(feed.answer().events())
                .expectNextCount(1)
                .expectErrorMatches(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE))
                .verifyLater();
        time.advanceTimeBy(Duration.ofSeconds(1));
        lost = n -> true;
        time.advanceTimeBy(RemoteStream.SILENCE.plusSeconds(2));
        following.verify(Patience.ofSeconds(5));
        assertThat(ended).isTrue();
    }

    @Test
    void whatNobodyWantsAnyMoreIsNotAskedFor() {
        feed.open();
        answer.show();
        add("a");
        time.advanceTimeBy(Duration.ofSeconds(5));
        assertThat(ended).isTrue();
        feed.dispose();
        int before = messages.get();
        time.advanceTimeBy(Duration.ofSeconds(10));
        for (int i = 0; i < 100; i++) {
            add("b");
            time.advanceTimeBy(Duration.ofSeconds(1));
        }
        assertThat(messages.get() - before).as("the outlet gives up").isLessThan(10);
    }

    @Test
    void whatIsNoMessageIsNone() {
        for (String text :
                new String[] {"", "\n", "want a 1 n", "want a x n\n", "part a 1 SOME\n", "else a 1 n\n", "part a 1\n"
                }) {
            assertThat(LiveAnswerMessage.decoded(text.getBytes(UTF_8))).as(text).isNull();
        }
    }
}
