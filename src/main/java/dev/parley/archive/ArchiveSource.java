package dev.parley.archive;

import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/** A kind of thing that is archived. All of it is cold. */
public interface ArchiveSource {

    /**
     * Copies all that the record has not got of these, together where that is cheaper; again does no harm. Fails when one of them can't be
     * copied; what becomes of the others then is left open.
     *
     * @param names each once
     * @return those that have changed since they were read, and are to be archived again
     */
    Mono<List<String>> archive(List<String> names);

    /** How often all there is is looked through for what nobody has marked. */
    default Duration lookEvery() {
        return Duration.ofMinutes(10);
    }

    /** A pattern of the keys of which there is one for each thing. */
    String keys();

    /** The name of a thing that is to be archived, and of which nothing says that it is marked; empty when the record has all of it. */
    Mono<String> unarchived(String key);
}
