package dev.parley.session;

import dev.parley.auth.Access;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.util.List;
import reactor.core.publisher.Mono;

/** The record of all sessions, for those that Redis no longer has. Cold; fails with a {@link dev.parley.error.ParleyException}. */
public interface Archive {

    /** No record. */
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

    /** The latest session of a conversation with its newest messages; empty if there is none. */
    Mono<SessionView> newest(String conversation, Access access, int messages);

    /** The same with the messages after a number, the oldest first. */
    Mono<SessionView> after(String conversation, Access access, long seq, int limit);

    /** Messages after a number, the oldest first. */
    Mono<List<SessionMessage>> between(String conversation, long generation, long after, int limit);

    /** The newest messages up to a number, the oldest first. */
    Mono<List<SessionMessage>> upTo(String conversation, long generation, long seq, int limit);

    /** Copies the archived messages of the session that a fork begins with. */
    Mono<Void> fork(String conversation, SessionState session);

    /** Restores an archived session to Redis, if there is one that has not ended and Redis has none. */
    Mono<Void> warm(String conversation, Access access);
}
