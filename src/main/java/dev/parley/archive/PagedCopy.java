package dev.parley.archive;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Copies many things together, a page of each at a time, until nothing is left of any: reads the pages from Redis, writes them all at once,
 * and notes in Redis how far that is.
 *
 * @param <T> a page of a thing
 */
public final class PagedCopy<T> {

    /** What a thing is after a page of it. */
    public enum Step {
        ARCHIVED,
        /** Since it was read. */
        CHANGED,
        LONGER
    }

    public record Stepped(String name, Step step) {}

    /** Scripts under way: whatever else is asked of Redis meanwhile waits behind them. */
    private static final int AT_ONCE = 4;

    private final int most;
    private final int few;
    private final int page;
    private final BiFunction<String, Integer, Mono<T>> read;
    private final Function<List<T>, ? extends Publisher<?>> write;
    private final BiFunction<T, Integer, Mono<Stepped>> note;

    /**
     * @param most parts that are written at once, over all pages
     * @param few of a page at least, however many things there are
     * @param page of a page at most
     * @param read reads a thing's page of so many parts; empty when there is no such thing
     * @param write writes pages, all or none
     * @param note says how far a thing is whose page of so many parts at most has been written
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

    /** Copies a page of each, in this order; empty when there is none. */
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
