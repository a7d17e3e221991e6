package dev.parley.ingest;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.lettuce.core.RedisCommandExecutionException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A durable stream with what Parley keeps beside it, as Redis and the scripts of this package have them. The nodes of a test share it, each
 * through its own {@link ScriptedDurableStream}. Ids are {@code 1-0}, {@code 2-0}, … Not thread-safe: all on the test's thread.
 */
final class InMemoryStream {

    /** Where the group stands. */
    record Group(String id, @Nullable Long count) {}

    /** How far the stream was read, which outlives it. */
    record Progress(String id, long count, long generation) {}

    record Letter(StreamEntry entry, String reason) {}

    final String name;
    private final LongSupplier nanoTime;
    private final Map<String, Long> readers = new HashMap<>();
    private Sinks.Empty<Void> changed = Sinks.empty();
    private List<StreamEntry> entries = new ArrayList<>();
    private boolean exists;
    private long last;
    private long added;

    /** Whether the server counts what was ever added; not before Redis 7. */
    boolean counting = true;

    @Nullable
    Group group;

    @Nullable
    Progress progress;

    @Nullable
    String holder;

    private long expires;
    final Map<String, Long> attempts = new HashMap<>();
    final Map<String, Letter> deadLetters = new LinkedHashMap<>();

    InMemoryStream(String name, LongSupplier nanoTime) {
        this.name = name;
        this.nanoTime = nanoTime;
    }

    // What agents and operators do.

    /** Adds valid events of conversation {@code c}, numbered as their ids are. */
    void addEvents(int count) {
        for (int i = 0; i < count; i++) {
            addEvent("c");
        }
    }

    /** Adds a valid event. */
    @CanIgnoreReturnValue
    String addEvent(String conversation) {
        return add(Map.of(
                "event",
                "agent.note",
                "payload",
                "{\"conversation_id\":\"" + conversation + "\",\"n\":" + (last + 1) + "}"));
    }

    @CanIgnoreReturnValue
    String add(Map<String, String> fields) {
        Map<String, byte[]> bytes = new LinkedHashMap<>();
        fields.forEach((field, value) -> bytes.put(field, value.getBytes(StandardCharsets.UTF_8)));
        exists = true;
        last++;
        added++;
        entries.add(new StreamEntry(last + "-0", bytes));
        Sinks.Empty<Void> waiting = changed;
        changed = Sinks.empty();
        var unused = waiting.tryEmitEmpty();
        return last + "-0";
    }

    /** Keeps the newest entries only. */
    void trim(int kept) {
        entries = new ArrayList<>(entries.subList(Math.max(0, entries.size() - kept), entries.size()));
    }

    /** Trims what the entries were before that one. */
    void trimBefore(int id) {
        entries.removeIf(entry -> number(entry.id()) < id);
    }

    void delete(String id) {
        entries.removeIf(entry -> entry.id().equals(id));
    }

    /** Deletes the stream; what is added next begins again with {@code 1-0}. */
    void drop() {
        exists = false;
        entries.clear();
        last = 0;
        added = 0;
        group = null;
    }

    /** Another node takes the lease, as after a pause that was longer than its TTL. */
    void grab(String node, long millis) {
        holder = node;
        expires = nanoTime.getAsLong() + millis * 1_000_000;
        readers.put(node, expires);
    }

    /** Whether some node holds the lease now. */
    boolean held() {
        return holder != null && (expires == Long.MAX_VALUE || nanoTime.getAsLong() < expires);
    }

    void neverExpires() {
        expires = Long.MAX_VALUE;
    }

    boolean reads(String node) {
        return readers.containsKey(node);
    }

    // What the commands and scripts do.

    void ensureGroup() {
        exists = true;
        if (group == null) {
            group = new Group("0-0", null);
        }
    }

    List<StreamEntry> read(String from, int limit) {
        return entries.stream()
                .filter(entry -> number(entry.id()) >= number(from))
                .limit(limit)
                .toList();
    }

    boolean hasAfter(String id) {
        return last > number(id) && !read((number(id) + 1) + "-0", 1).isEmpty();
    }

    Mono<Void> changed() {
        return changed.asMono();
    }

    AcquireResult acquire(String node, boolean wanted, long ttlMillis) {
        int nodes = register(node, ttlMillis);
        if (held() && !node.equals(holder)) {
            long left = expires == Long.MAX_VALUE ? -1 : (expires - nanoTime.getAsLong()) / 1_000_000;
            return new AcquireResult.Held(nodes, java.time.Duration.ofMillis(left));
        }
        if (!held() && !wanted) {
            return new AcquireResult.Free(nodes);
        }
        holder = node;
        expires = nanoTime.getAsLong() + ttlMillis * 1_000_000;
        Group at = requireGroup();
        Progress read = progress;
        if (read != null && (last < number(read.id()) || (counting && added < read.count()))) {
            long count = at.count() == null ? removed() : at.count();
            return new AcquireResult.Acquired(nodes, new StreamOffset(at.id(), count), read.generation() + 1, true);
        }
        long generation = read == null ? 0 : read.generation();
        String id = at.id();
        Long count = at.count();
        if (id.equals("0-0") && count == null && read != null && read.count() >= 0) {
            id = read.id();
            count = read.count();
        } else if (count == null && counting) {
            if (first().isEmpty() || number(id) < number(first())) {
                count = removed();
            } else if (number(id) == last) {
                count = added;
            }
        }
        group = new Group(id, count);
        return new AcquireResult.Acquired(nodes, new StreamOffset(id, count == null ? -1 : count), generation, false);
    }

    CommitResult commit(
            String node, StreamOffset appended, boolean move, boolean register, long generation, long ttlMillis) {
        if (!held() || !node.equals(holder)) {
            return new CommitResult.Lost();
        }
        expires = nanoTime.getAsLong() + ttlMillis * 1_000_000;
        if (move) {
            requireGroup();
            group = new Group(appended.id(), appended.counted() ? appended.count() : null);
        }
        if (!register) {
            return new CommitResult.Kept(0, StreamOffset.UNKNOWN);
        }
        long count = appended.count();
        long news = -1;
        if (exists && counting && number(appended.id()) == last) {
            count = added;
            news = added;
            if (count != appended.count()) {
                requireGroup();
                group = new Group(appended.id(), count);
            }
        }
        progress = new Progress(appended.id(), count, generation);
        return new CommitResult.Kept(register(node, ttlMillis), news);
    }

    @Nullable
    TrimCheck hole(String node, String id) {
        if (!held() || !node.equals(holder)) {
            return null;
        }
        requireGroup();
        return new TrimCheck(first().isEmpty() || number(id) < number(first()), first(), counting ? removed() : -1);
    }

    void release(String node, boolean forGood) {
        if (forGood) {
            readers.remove(node);
        }
        if (node.equals(holder)) {
            holder = null;
        }
    }

    @CanIgnoreReturnValue
    int register(String node, long ttlMillis) {
        long now = nanoTime.getAsLong();
        readers.values().removeIf(until -> until <= now);
        readers.put(node, now + ttlMillis * 1_000_000);
        return readers.size();
    }

    @CanIgnoreReturnValue
    private Group requireGroup() {
        Group there = group;
        if (!exists || there == null) {
            throw new RedisCommandExecutionException("NOGROUP the stream was deleted");
        }
        return there;
    }

    private String first() {
        return entries.isEmpty() ? "" : entries.get(0).id();
    }

    private long removed() {
        return added - entries.size();
    }

    static long number(String id) {
        return Long.parseLong(id.substring(0, id.indexOf('-')));
    }
}
