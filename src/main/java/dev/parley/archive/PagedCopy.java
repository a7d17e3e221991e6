package dev.parley.archive;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Copies many items together, a page of each at a time, until nothing is left: reads the pages from Redis, writes them together, and
 * records the progress in Redis.
 *
 * @param <T> a page of an item
 */
public final class PagedCopy<T> {

    /** The state of an item after a page. */
    public enum Step {
        ARCHIVED,
        /** Changed since it was read. */
        CHANGED,
        LONGER
    }

    public record Stepped(String name, Step step) {}

    /** Concurrent scripts: other commands to Redis wait behind them. */
    private static final int AT_ONCE = 4;

    private final int most;
    private final int few;
    private final int page;
    private final BiFunction<String, Integer, Mono<T>> read;
    private final Function<List<T>, ? extends Publisher<?>> write;
    private final BiFunction<T, Integer, Mono<Stepped>> note;

    /**
     * @param most maximum parts written together, over all pages
     * @param few minimum parts per page, however many items there are
     * @param page maximum parts per page
     * @param read reads an item's page of that many parts; empty if there is no such item
     * @param write writes pages, all or none
     * @param note records the progress of an item whose page of at most that many parts was written
     */
    public PagedCopy(
            int most,
            int few,
            int page,
            BiFunction<String, Integer, Mono<T>> read,
            Function<List<T>, ? extends Publisher<?>> write,
            BiFunction<T, Integer, Mono<Stepped>> note) {
        this.most = most;
        this.few = few;
        this.page = page;
        this.read = read;
        this.write = write;
        this.note = note;
    }

    /** See {@link ArchiveSource#archive}. Cold. */
    public Mono<List<String>> copy(List<String> names) {
        return step(names)
                .expand(stepped -> step(of(stepped, Step.LONGER)))
                .concatMapIterable(stepped -> of(stepped, Step.CHANGED))
                .collectList();
    }

    private static List<String> of(List<Stepped> all, Step step) {
        return all.stream().filter(one -> one.step() == step).map(Stepped::name).toList();
    }

    /** Copies a page of each, in this order; empty if there is none. */
    private Mono<List<Stepped>> step(List<String> names) {
        if (names.isEmpty()) {
            return Mono.empty();
        }
        int size = Math.max(few, Math.min(page, most / names.size()));
        return Flux.fromIterable(names)
                .flatMapSequential(name -> read.apply(name, size), AT_ONCE)
                .collectList()
                .filter(pages -> !pages.isEmpty())
                .flatMap(pages -> Flux.from(write.apply(pages))
                        .thenMany(Flux.fromIterable(pages))
                        .flatMap(one -> note.apply(one, size), AT_ONCE)
                        .collectList());
    }
}
