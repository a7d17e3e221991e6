package dev.parley.archive;

import java.time.Duration;
import reactor.core.publisher.Mono;

/** A kind of thing that is archived. All of it is cold. */
public interface Archived {

    /** Copies all that the record has not got; again does no harm. */
    Mono<Void> archive(String name);

    /** How often all there is is looked through for what nobody has marked. */
    default Duration lookEvery() {
        return Duration.ofMinutes(10);
    }

    /** A pattern of the keys of which there is one for each thing. */
    String keys();

    /** The name of a thing that is to be archived, and of which nothing says that it is marked; empty when the record has all of it. */
    Mono<String> unarchived(String key);
}
