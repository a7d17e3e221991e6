package dev.parley.redis;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toUnmodifiableList;

import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Tries each command that Parley needs on one master, with keys and channels named like a conversation's ({@code rights.lua}). The script
 * deletes what it makes before it returns. It runs every 30 s, and at each {@link #check} while conversations or streams are rejected
 * something. The log has each change of what is rejected. Thread-safe.
 */
final class AclRights {

    /** Commands without which no conversation works. */
    static final String CONVERSATIONS = "conversations";

    /** Commands without which no durable stream is read. */
    static final String STREAMS = "streams";

    private static final Logger LOG = LoggerFactory.getLogger(AclRights.class);

    private static final Duration APART = Duration.ofSeconds(30);
    private static final List<String> KINDS =
            List.of("meta", "events", "seen", "run", "session", "messages", "context");

    /** Errors of a Redis that refuses every write for now. */
    private static final Pattern WRITES = Pattern.compile("\\b(OOM|MISCONF|NOREPLICAS)\\b");

    private static final Pattern KEY = Pattern.compile("\\b(a key|keys)\\b");
    private static final Pattern QUOTED = Pattern.compile("'([A-Za-z|]+)'");

    private final Script script;
    private final String master;
    private final Redis redis;
    private final String prefix;
    private final String[] trial;
    private final byte[][] channels;
    private volatile Map<String, String> refused = Map.of();
    private volatile @Nullable Long triedAt;

    /**
     * @param script {@code rights.lua}, loaded elsewhere because an event loop must not read files
     * @param node names the tried keys, together with the tag, which is on one of the master's slots
     * @param publish {@code PUBLISH} or {@code SPUBLISH}, as live messages are published
     */
    AclRights(Script script, String master, Redis redis, Keys keys, String node, String tag, String publish) {
        this.script = script;
        this.master = master;
        this.redis = redis;
        this.prefix = keys.prefix();
        this.trial = KINDS.stream().map(kind -> keys.probe(kind, node, tag)).toArray(String[]::new);
        this.channels = Stream.of(publish, keys.probe("live", node, tag), keys.probe("control", node, tag))
                .map(Script::bytes)
                .toArray(byte[][]::new);
    }

    /** Makes the next {@link #check} try the commands: the server or its configuration may have changed. */
    void again() {
        triedAt = null;
    }

    /** Tries the commands if it is time. Also completes when something is rejected; fails when the master does not answer. */
    Mono<Void> check() {
        return Mono.defer(() -> due() ? tryAll() : Mono.empty());
    }

    private boolean due() {
        Long last = triedAt;
        return last == null || standsInTheWay() || System.nanoTime() - last > APART.toNanos();
    }

    private boolean standsInTheWay() {
        return refused.containsKey(CONVERSATIONS) || refused.containsKey(STREAMS);
    }

    private Mono<Void> tryAll() {
        return script.runUnguarded(redis, trial, channels)
                .map(this::refusals)
                .onErrorResume(
                        RedisCommandExecutionException.class,
                        e -> AclDenial.is(e) ? Mono.just(List.of(untried(AclDenial.brief(e)))) : Mono.empty())
                .doOnNext(this::settle)
                .then();
    }

    /** The script itself was rejected, so nothing was tried. */
    private static Refused untried(String error) {
        Matcher quoted = QUOTED.matcher(error);
        String command = quoted.find() ? quoted.group(1).toUpperCase(Locale.ROOT) : "EVALSHA";
        return new Refused(CONVERSATIONS, command, error);
    }

    /**
     * @param whose {@link #CONVERSATIONS}, {@link #STREAMS}, or a purpose on which readiness does not depend
     * @param command in capitals, {@code XGROUP|CREATE} with its subcommand
     */
    private record Refused(String whose, String command, String error) {

        boolean readOnly() {
            return error.contains("READONLY");
        }

        /** Whether the rejection lasts until an operator acts. */
        boolean lasts() {
            return AclDenial.is(error) || writes();
        }

        boolean writes() {
            return WRITES.matcher(error).find();
        }

        /** The kind of advice that the operator needs. */
        String kind() {
            if (error.contains("nknown")) {
                return "unknown";
            }
            if (error.contains("channel")) {
                return "channel";
            }
            return KEY.matcher(error).find() ? "key" : "command";
        }
    }

    private List<Refused> refusals(List<Object> reply) {
        return reply.stream()
                .map(Script::list)
                .map(one -> new Refused(Script.text(one.get(0)), Script.text(one.get(1)), Script.text(one.get(2))))
                .filter(Refused::lasts)
                .sorted(comparing(Refused::command))
                .toList();
    }

    private void settle(List<Refused> now) {
        Map<String, String> told = refused;
        Map<String, String> reasons = new LinkedHashMap<>();
        now.stream()
                .collect(groupingBy(Refused::whose, LinkedHashMap::new, toUnmodifiableList()))
                .forEach((whose, some) -> reasons.put(whose, reason(some)));
        triedAt = System.nanoTime();
        refused = reasons;
        reasons.values().stream()
                .distinct()
                .filter(reason -> !told.containsValue(reason))
                .forEach(reason ->
                        LOG.error("Redis ({}): {}; needed for {}", master, reason, purposes(reasons, reason)));
        if (reasons.isEmpty() && !told.isEmpty()) {
            LOG.info("Redis ({}) permits everything that is needed now", master);
        }
    }

    private static String purposes(Map<String, String> reasons, String reason) {
        return reasons.keySet().stream()
                .filter(whose -> reason.equals(reasons.get(whose)))
                .map(AclRights::purpose)
                .collect(joining(", "));
    }

    private static String purpose(String whose) {
        return switch (whose) {
            case CONVERSATIONS -> "conversations";
            case STREAMS -> "durable streams";
            default -> "the archive, audit, leaderboards, limits or the LLM cache";
        };
    }

    private String reason(List<Refused> some) {
        if (some.stream().anyMatch(Refused::readOnly)) {
            return "read-only replica: name its master, or the sentinels that know it, in parley.redis.uri";
        }
        for (Refused one : some) {
            if (one.writes()) {
                return "Redis refuses every write: " + writeAdvice(one.error) + " (" + one.error + ")";
            }
        }
        List<String> reasons = new ArrayList<>();
        some.stream()
                .collect(groupingBy(Refused::kind, LinkedHashMap::new, toUnmodifiableList()))
                .forEach((kind, all) -> reasons.add(advice(kind, all) + " (" + all.get(0).error + ")"));
        return String.join("; ", reasons);
    }

    private static String writeAdvice(String error) {
        if (error.contains("OOM")) {
            return "free memory, or raise maxmemory";
        }
        return error.contains("NOREPLICAS")
                ? "bring its replicas back, or lower min-replicas-to-write"
                : "free its disk, so that it can save";
    }

    private String advice(String kind, List<Refused> all) {
        String commands = commands(all, name -> name.replace('|', ' '), ", ");
        return switch (kind) {
            case "unknown" -> "Redis has no " + commands + ": undo rename-command, or use a server that has it";
            case "channel" ->
                "Redis refuses " + commands + " on a channel: grant the user the channels &" + prefix + "*";
            case "key" -> "Redis refuses " + commands + " on a key: grant the user the keys ~" + prefix + "*";
            default ->
                "Redis refuses " + commands + ": grant the user "
                        + commands(all, name -> "+" + name.toLowerCase(Locale.ROOT), " ");
        };
    }

    private static String commands(List<Refused> all, UnaryOperator<String> spelling, String between) {
        return all.stream()
                .map(Refused::command)
                .distinct()
                .sorted()
                .map(spelling)
                .collect(joining(between));
    }

    /** What this master rejects of a purpose, with advice; null if nothing is known to be rejected. */
    @Nullable
    String refused(String whose) {
        return refused.get(whose);
    }
}
