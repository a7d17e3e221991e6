package dev.parley.session;

import dev.parley.auth.Access;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.util.List;
import reactor.core.publisher.Mono;

/** The record of all sessions, for what Redis has no more. Cold; fails with a {@link dev.parley.error.ParleyException}. */
public interface Archive {

    /** Where there is no record. */
    Archive NONE = new Archive() {
        @Override
        public Mono<SessionView> newest(String conversation, Access access, int messages) {
            return Mono.empty();
        }

        @Override
        public Mono<SessionView> after(String conversation, Access access, long seq, int limit) {
            return Mono.empty();
        }

        @Override
        public Mono<List<SessionMessage>> between(String conversation, long generation, long after, int limit) {
            return Mono.just(List.of());
        }

        @Override
        public Mono<List<SessionMessage>> upTo(String conversation, long generation, long seq, int limit) {
            return Mono.just(List.of());
        }

        @Override
        public Mono<Void> fork(String conversation, SessionState session) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> warm(String conversation, Access access) {
            return Mono.empty();
        }
    };

    /** The latest session of a conversation with its newest messages; empty when there is none. */
    Mono<SessionView> newest(String conversation, Access access, int messages);

    /** The same with the messages behind a number, the oldest first. */
    Mono<SessionView> after(String conversation, Access access, long seq, int limit);

    /** Messages behind a number, the oldest first. */
    Mono<List<SessionMessage>> between(String conversation, long generation, long after, int limit);

    /** The newest messages up to a number, the oldest first. */
    Mono<List<SessionMessage>> upTo(String conversation, long generation, long seq, int limit);

    /** Copies what the record has of the session that a new one goes on from. */
    Mono<Void> fork(String conversation, SessionState session);

    /** Brings a session back into Redis, if there is one that has not ended; does nothing when Redis has one. */
    Mono<Void> warm(String conversation, Access access);
}
