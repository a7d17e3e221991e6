package dev.parley.log;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.Kind;
import dev.parley.event.Position;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** {@code append.lua}'s arguments and answers. */
final class AppendScript {

    private static final Script SCRIPT = Script.load(AppendScript.class, "append.lua");

    private static final byte[] NONE = new byte[0];
    /** What Redis answers when it can't write now but may later. */
    private static final Pattern PASSING =
            Pattern.compile("\\b(OOM|READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\\b");

    private static final int ARGUMENTS_PER_EVENT = 11;

    private final Keys keys;
    private final LogSettings settings;
    private final boolean sharded;

    AppendScript(Keys keys, LogSettings settings, boolean sharded) {
        this.keys = keys;
        this.settings = settings;
        this.sharded = sharded;
    }

    /** Runs it for a batch of one slot; an answer for each event, in their order. */
    Mono<List<Object>> run(Redis redis, @Nullable String source, List<Append> batch) {
        Map<String, Integer> index = index(batch);
        return SCRIPT.run(redis, keys(index), arguments(index, source, batch));
    }

    private String[] keys(Map<String, Integer> index) {
        List<String> all = new ArrayList<>();
        for (String conversation : index.keySet()) {
            all.add(keys.log(conversation));
            all.add(keys.meta(conversation));
            all.add(keys.seen(conversation));
            all.add(keys.runs(conversation));
            all.add(keys.session(conversation));
            all.add(keys.messages(conversation));
            all.add(keys.live(conversation));
            all.add(keys.control(conversation));
        }
        return all.toArray(String[]::new);
    }

    private byte[][] arguments(Map<String, Integer> index, @Nullable String source, List<Append> batch) {
        List<byte[]> all = new ArrayList<>(10 + ARGUMENTS_PER_EVENT * batch.size());
        all.add(Script.bytes(settings.maxEvents()));
        all.add(Script.bytes(settings.maxBytes()));
        all.add(Script.bytes(settings.ttl().toMillis()));
        all.add(Script.bytes(settings.seen()));
        all.add(Script.bytes(settings.maxRunText()));
        all.add(Script.bytes(settings.messages()));
        all.add(Script.bytes(settings.defaultAgent()));
        all.add(Script.bytes(settings.defaultTenant()));
        all.add(Script.bytes(sharded ? "SPUBLISH" : "PUBLISH"));
        all.add(optional(source));
        for (Append append : batch) {
            add(all, append, Objects.requireNonNull(index.get(append.event().conversation())));
        }
        return all.toArray(byte[][]::new);
    }

    private static void add(List<byte[]> all, Append append, int conversation) {
        AgentEvent event = append.event();
        boolean tool = event.kind() == Kind.TOOL_STARTED || event.kind() == Kind.TOOL_ENDED;
        all.add(Script.bytes(conversation));
        all.add(Script.bytes(event.kind().code()));
        all.add(optional(event.eventId()));
        all.add(Script.bytes(event.runOrImplicit()));
        all.add(optional(event.agent()));
        all.add(optional(event.messageId()));
        all.add(tool ? Script.bytes(event.toolJson()) : event.text() == null ? NONE : event.text());
        all.add(tool ? Script.bytes(event.toolKey()) : optional(event.to()));
        all.add(optional(append.sourceId()));
        all.add(tenant(append.access()));
        all.add(event.bytes());
    }

    private static byte[] tenant(@Nullable Access access) {
        return access == null ? NONE : Script.bytes((access.checked() ? "=" : "+") + access.tenant());
    }

    private static byte[] optional(@Nullable String value) {
        return value == null ? NONE : Script.bytes(value);
    }

    private static Map<String, Integer> index(List<Append> batch) {
        Map<String, Integer> index = new LinkedHashMap<>();
        for (Append append : batch) {
            String conversation = append.event().conversation();
            if (!index.containsKey(conversation)) {
                index.put(conversation, index.size() + 1);
            }
        }
        return index;
    }

    /**
     * Reads one event's answer.
     *
     * @throws Refusal when it was refused
     */
    static Appended answer(Object element) {
        String answer = Script.text(element);
        if (answer.startsWith("-")) {
            throw refusal(answer.substring(1));
        }
        String[] words = answer.substring(1).split(" ", -1);
        boolean duplicate = answer.startsWith("=");
        String agent = words[1];
        boolean pending = duplicate ? words.length > 2 : !agent.isEmpty();
        return new Appended(Position.of(words[0]), duplicate, agent, pending);
    }

    private static Refusal refusal(String reason) {
        if (reason.equals("not_found")) {
            return notFound();
        }
        ErrorCode code = PASSING.matcher(reason).find() ? ErrorCode.UNAVAILABLE : ErrorCode.INTERNAL;
        return Refusal.of(code, "Redis refuses the event: " + reason);
    }

    static Refusal notFound() {
        return Refusal.of(ErrorCode.NOT_FOUND, "there is no such conversation");
    }
}
