package dev.parley.archive;

import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/** A kind of data to be archived, such as sessions. All of it is cold. */
public interface ArchiveSource {

    /**
     * Copies everything of these items that is not archived yet, together where that is cheaper. Idempotent. Fails if one of them can't be
     * copied; the others may be copied or not.
     *
     * @param names each once
     * @return those that have changed since they were read, and are to be archived again
     */
    Mono<List<String>> archive(List<String> names);

    /** The interval of scans for unmarked items. */
    default Duration lookEvery() {
        return Duration.ofMinutes(10);
    }

    /** A pattern of keys, one per item. */
    String keys();

    /** The name of an item that is to be archived and may lack a mark; empty if it is archived completely. */
    Mono<String> unarchived(String key);
}
