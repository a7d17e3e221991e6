package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.store.JoinResult;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Bounds the reads of logs of all conversations on this node. At most {@value #AT_ONCE} reads per master are in flight. The others wait in
 * order, the gateway's own before those of clients. Readers with the same question share one read, if it begins after they have asked: so
 * the answer contains everything that a reader knows to be in the log.
 *
 * <p>Thread-safe. Readers are answered on the thread that answers the read, never under a lock.
 */
final class SharedReads implements LogReads, Disposable {

    /** An answer may have some megabytes, and other commands wait behind it on the same connection. */
    static final int AT_ONCE = 8;

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Stands for the master of a conversation that has none: such reads fail immediately. */
    private static final String NOBODY = "";

    private final LogReads reads;
    private final Function<String, @Nullable String> masterOf;
    private final Map<String, Master> masters = new ConcurrentHashMap<>();

    /** @param masterOf the name of the master that has a conversation; null while no master serves it */
    SharedReads(LogReads reads, Function<String, @Nullable String> masterOf) {
        this.reads = reads;
        this.masterOf = masterOf;
    }

    /** As the wrapped reads; also fails with {@code unavailable} if the read has not begun after 30 s. */
    @Override
    public Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access) {
        Question question = new Question(conversation, since, access);
        return Mono.<JoinResult>create(reader -> masterOf(conversation).ask(question, reader))
                .timeout(PATIENCE, Mono.error(SharedReads::tooMany));
    }

    private Master masterOf(String conversation) {
        String name = masterOf.apply(conversation);
        return masters.computeIfAbsent(name == null ? NOBODY : name, each -> new Master());
    }

    private static ParleyException tooMany() {
        return ParleyException.of(
                ErrorCode.UNAVAILABLE,
                "the conversation can't be read now, because too many reads are waiting: try again");
    }

    @Override
    public void dispose() {
        masters.values().forEach(Master::dispose);
    }

    private record Question(
            String conversation,
            @Nullable Position since,
            @Nullable Access access) {}

    /** Readers that wait for the same answer, and those whose read is in flight. Guarded by its master. */
    private static final class Line {
        private final Question question;
        private final Disposable.Swap reading = Disposables.swap();
        private Set<MonoSink<JoinResult>> waiting = new LinkedHashSet<>();
        private Set<MonoSink<JoinResult>> served = Set.of();
        private boolean queued;
        private boolean inFlight;

        private Line(Question question) {
            this.question = question;
        }
    }

    private final class Master {
        private final Map<Question, Line> lines = new HashMap<>();
        private final Deque<Line> queue = new ArrayDeque<>();
        private final AtomicInteger beginning = new AtomicInteger();
        private int inFlight;

        private void ask(Question question, MonoSink<JoinResult> reader) {
            synchronized (this) {
                Line line = lines.computeIfAbsent(question, Line::new);
                line.waiting.add(reader);
                enqueue(line);
                var unused = reader.onDispose(() -> leave(line, reader));
            }
            begin();
        }

        private synchronized void leave(Line line, MonoSink<JoinResult> reader) {
            line.waiting.remove(reader);
        }

        private void enqueue(Line line) {
            if (line.queued || line.inFlight) {
                return;
            }
            line.queued = true;
            if (line.question.access == null) {
                queue.addFirst(line);
            } else {
                queue.add(line);
            }
        }

        /** Begins waiting reads while there is room. A read may end while it begins: then this thread begins the next one, too. */
        private void begin() {
            int missed = beginning.incrementAndGet();
            if (missed > 1) {
                return;
            }
            while (missed != 0) {
                for (Line line = next(); line != null; line = next()) {
                    read(line);
                }
                missed = beginning.addAndGet(-missed);
            }
        }

        private synchronized @Nullable Line next() {
            while (inFlight < AT_ONCE && !queue.isEmpty()) {
                Line line = queue.remove();
                line.queued = false;
                if (!line.waiting.isEmpty()) {
                    line.served = line.waiting;
                    line.waiting = new LinkedHashSet<>();
                    line.inFlight = true;
                    inFlight++;
                    return line;
                }
                lines.remove(line.question);
            }
            return null;
        }

        private void read(Line line) {
            Question asked = line.question;
            line.reading.update(Mono.defer(() -> reads.join(asked.conversation, asked.since, asked.access))
                    .switchIfEmpty(Mono.error(() -> new IllegalStateException("a read of a log had no answer")))
                    .subscribe(
                            joined -> end(line, reader -> reader.success(joined)),
                            error -> end(line, reader -> reader.error(error))));
        }

        private void end(Line line, Consumer<MonoSink<JoinResult>> answer) {
            Set<MonoSink<JoinResult>> readers;
            synchronized (this) {
                readers = line.served;
                line.served = Set.of();
                line.inFlight = false;
                inFlight--;
                if (line.waiting.isEmpty()) {
                    lines.remove(line.question);
                } else {
                    enqueue(line);
                }
            }
            readers.forEach(answer);
            begin();
        }

        private synchronized void dispose() {
            lines.values().forEach(line -> line.reading.dispose());
        }
    }
}
