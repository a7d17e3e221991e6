package dev.parley.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class AuditBufferTest {

    private final List<String> written = Collections.synchronizedList(new ArrayList<>());
    private final Set<String> refused = Collections.synchronizedSet(new HashSet<>());

    private static UnsealedEntry draft(String trail, int n) {
        Access access = new Access("acme", false, true);
        return new UnsealedEntry(
                Trail.ofConversation(trail), trail, access, "anna", "said", "{}", UnsealedEntry.now(), trail + n);
    }

    private Mono<Void> write(UnsealedEntry draft) {
        // The later, the sooner it could be there.
        return Mono.delay(Duration.ofMillis(new Random(draft.id().hashCode()).nextInt(10)))
                .then(Mono.fromRunnable(() -> {
                    if (refused.add(draft.id()) && draft.id().startsWith("b")) {
                        throw ParleyException.of(ErrorCode.UNAVAILABLE, "not now");
                    }
                    written.add(draft.id());
                }));
    }

    private List<String> written(String trail) {
        return written.stream().filter(id -> id.startsWith(trail)).toList();
    }

    private static List<String> all(String trail) {
        return IntStream.range(0, 200).mapToObj(n -> trail + n).toList();
    }

    @Test
    void eachTrailKeepsItsOrderWhateverHasToBeTriedAgain() {
        AuditBuffer notes = new AuditBuffer(this::write);
        for (int n = 0; n < 3; n++) {
            notes.add(draft("b", n));
        }
        for (int n = 0; n < 200; n++) {
            notes.add(draft("a", n));
        }
        notes.idle().block(Patience.ofSeconds(20));
        assertThat(written("a")).isEqualTo(all("a"));
        assertThat(written("b")).containsExactly("b0", "b1", "b2");
        assertThat(notes.size()).isZero();
        assertThat(notes.dropped()).isZero();
        notes.dispose();
    }
}
