package dev.parley.hub;

import static dev.parley.hub.HubFixture.TRUSTED;
import static dev.parley.hub.HubFixture.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The hub's Flux: the contract, and what is a Flux's alone. */
final class FluxFollowTest extends FollowContract {

    /** Demands one delivery after the other, while it reads. */
    private static final class DemandingFollower extends BaseSubscriber<Delivery> implements Follower {
        private final List<String> news = new ArrayList<>();
        private boolean reads = true;
        private boolean demands;

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            demand();
        }

        private void demand() {
            if (reads && !demands) {
                demands = true;
                request(1);
            }
        }

        @Override
        protected void hookOnNext(Delivery delivery) {
            news.add(FrameBrief.of(delivery.frame().json()));
            demands = false;
            demand();
        }

        @Override
        protected void hookOnError(Throwable error) {
            ErrorCode code = ((ParleyException) error).code();
            news.add(code == ErrorCode.OVERLOADED ? "slow" : "refused:" + code.wire());
        }

        @Override
        public List<String> news() {
            List<String> all = List.copyOf(news);
            news.clear();
            return all;
        }

        @Override
        public void stopReading() {
            reads = false;
        }

        @Override
        public void readAgain() {
            reads = true;
            demand();
        }

        @Override
        public void leave() {
            cancel();
        }
    }

    @Override
    protected Follower follow(Hub conversations, @Nullable String since, Access access) {
        DemandingFollower follower = new DemandingFollower();
        conversations.follow("c", since, access).subscribe(follower);
        return follower;
    }

    @Test
    void nothingIsHostedBeforeItIsSubscribedToAndEachSubscriptionFollows() {
        Flux<Delivery> follow = hub.hub.follow("c", null, TRUSTED);
        assertThat(hub.hub.size()).isZero();
        StepVerifier.create(follow.take(2))
                .then(hub::acknowledge)
                .then(() -> hub.snapshot(1))
                .expectNextCount(2)
                .verifyComplete();
        StepVerifier.create(follow.take(2))
                .then(() -> hub.snapshot(1))
                .expectNextCount(2)
                .verifyComplete();
    }

    @Test
    void deliveriesSayWhatTheyAre() {
        StepVerifier.create(hub.hub.follow("c", null, TRUSTED))
                .then(hub::acknowledge)
                .then(() -> hub.snapshot(1))
                .assertNext(first -> assertThat(first).isInstanceOfSatisfying(Delivery.Subscribed.class, subscribed -> {
                    assertThat(subscribed.resumed()).isFalse();
                    assertThat(subscribed.position()).isEqualTo(at(1));
                    assertThat(subscribed.gap()).isNull();
                }))
                .assertNext(second -> assertThat(second).isInstanceOfSatisfying(Delivery.Snapshot.class, snapshot -> {
                    assertThat(snapshot.position()).isEqualTo(at(1));
                    assertThat(snapshot.session()).isEqualTo("null");
                    assertThat(snapshot.messages()).isEqualTo("[]");
                    assertThat(snapshot.runs()).isEqualTo("[]");
                }))
                .then(() -> hub.live(1, 2, "e2"))
                .assertNext(third -> assertThat(third).isInstanceOfSatisfying(Delivery.Event.class, event -> {
                    assertThat(event.position()).isEqualTo(at(2));
                    assertThat(event.eventId()).isEqualTo("e2");
                    assertThat(event.late()).isFalse();
                    assertThat(new String(event.json(), StandardCharsets.UTF_8)).isEqualTo(HubFixture.event(2));
                }))
                .then(() -> hub.pending(3))
                .assertNext(fourth -> assertThat(fourth).isInstanceOfSatisfying(Delivery.Pending.class, pending -> {
                    assertThat(pending.eventId()).isEqualTo("e3");
                    assertThat(new String(pending.json(), StandardCharsets.UTF_8))
                            .contains("\"n\":3");
                }))
                .then(() -> hub.live(2, 3, "e3"))
                .assertNext(fifth -> assertThat(fifth).isInstanceOfSatisfying(Delivery.Placed.class, placed -> {
                    assertThat(placed.eventId()).isEqualTo("e3");
                    assertThat(placed.position()).isEqualTo(at(3));
                    assertThat(placed.late()).isFalse();
                }))
                .thenCancel()
                .verify(Duration.ofSeconds(10));
    }

    @Test
    void allWhoFollowGetTheSameEvent() {
        List<Delivery> one = new ArrayList<>();
        List<Delivery> other = new ArrayList<>();
        var unused = hub.hub.follow("c", null, TRUSTED).subscribe(one::add);
        var unusedToo = hub.hub.follow("c", null, TRUSTED).subscribe(other::add);
        hub.acknowledge();
        hub.snapshot(1);
        hub.snapshot(1);
        hub.live(1, 2);
        assertThat(one.get(2)).isSameAs(other.get(2));
        assertThat(one.get(2).frame()).isSameAs(other.get(2).frame());
    }

    @Test
    void completesWhenTheHubIsDisposedOf() {
        StepVerifier.create(hub.hub.follow("c", null, TRUSTED))
                .then(hub::acknowledge)
                .then(() -> hub.snapshot(1))
                .expectNextCount(2)
                .then(hub.hub::dispose)
                .expectComplete()
                .verify(Duration.ofSeconds(10));
    }
}
