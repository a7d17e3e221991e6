package dev.parley.audit;

import dev.parley.auth.Access;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** {@code append.lua}: adds sealed entries to one trail, or gives the reason why not. */
final class AppendScript {

    private static final Script SCRIPT = Script.load(AppendScript.class, "owner.lua", "append.lua");

    private final Redis redis;
    private final Keys keys;
    private final AuditSettings settings;
    private final boolean archived;

    AppendScript(Redis redis, Keys keys, AuditSettings settings, boolean archived) {
        this.redis = redis;
        this.keys = keys;
        this.settings = settings;
        this.archived = archived;
    }

    /** The script's reply. */
    sealed interface Reply {

        record Added(boolean dirty) implements Reply {}

        /** Another node has added entries, or the head was unknown. */
        record Moved(TrailHead head) implements Reply {}

        /** Redis does not have the trail: the archive may. */
        record Absent() implements Reply {}

        /** Ids that exist already, with their numbers. */
        record Known(Map<String, Long> numbers) implements Reply {}

        record Refused(String reason) implements Reply {}
    }

    /**
     * Adds entries.
     *
     * @param head to which the first of them is chained; null if unknown, and nothing is added then
     * @param fromArchive whether the head is the archive's
     * @param owner of the trail according to the archive; empty for none
     */
    Mono<Reply> run(
            Trail trail,
            Access access,
            @Nullable TrailHead head,
            boolean fromArchive,
            String owner,
            List<AuditEntry> entries) {
        List<byte[]> arguments = new ArrayList<>(List.of(
                Script.bytes(head == null ? -1 : head.seq()),
                Script.bytes(head == null ? "" : head.mac()),
                flag(fromArchive),
                Script.bytes(access.tenant()),
                flag(access.checked()),
                flag(access.mayBeNew()),
                Script.bytes(settings.auth().defaultTenant()),
                Script.bytes(settings.audit().maxEntries()),
                flag(archived),
                Script.bytes(settings.audit().ttl().toMillis()),
                Script.bytes(owner)));
        for (AuditEntry entry : entries) {
            List<String> fields = entry.fields();
            arguments.add(Script.bytes(entry.id()));
            arguments.add(Script.bytes(fields.size()));
            fields.forEach(field -> arguments.add(Script.bytes(field)));
        }
        return SCRIPT.run(redis, keysOf(trail), arguments.toArray(byte[][]::new))
                .map(AppendScript::reply);
    }

    private String[] keysOf(Trail trail) {
        return trail.ofConversation()
                ? new String[] {
                    trail.head(keys),
                    trail.stream(keys),
                    trail.seen(keys),
                    keys.meta(trail.of()),
                    keys.session(trail.of())
                }
                : new String[] {trail.head(keys), trail.stream(keys), trail.seen(keys)};
    }

    private static Reply reply(List<Object> reply) {
        String word = Script.text(reply.get(0));
        return switch (word) {
            case "ok" -> new Reply.Added(Script.text(reply.get(1)).equals("1"));
            case "moved" ->
                new Reply.Moved(new TrailHead(Long.parseLong(Script.text(reply.get(1))), Script.text(reply.get(2))));
            case "absent" -> new Reply.Absent();
            case "known" -> {
                Map<String, Long> numbers = new HashMap<>();
                for (int i = 1; i < reply.size(); i += 2) {
                    numbers.put(Script.text(reply.get(i)), Long.valueOf(Script.text(reply.get(i + 1))));
                }
                yield new Reply.Known(numbers);
            }
            default -> new Reply.Refused(word);
        };
    }

    private static byte[] flag(boolean set) {
        return Script.bytes(set ? 1 : 0);
    }
}
