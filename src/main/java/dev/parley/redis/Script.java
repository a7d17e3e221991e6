package dev.parley.redis;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import io.lettuce.core.codec.Base16;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A Lua script, stored beside the class that uses it. Sent by its digest, and by its text if Redis does not know it (yet). */
public final class Script {

    private final byte[] text;
    private final String digest;

    private Script(byte[] text) {
        this.text = text;
        this.digest = Base16.digest(text);
    }

    /**
     * Reads a script from the class path; for static initialisers.
     *
     * @param names of its files, which are joined in order
     */
    public static Script load(Class<?> beside, String... names) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (String name : names) {
            text.writeBytes(read(beside, name));
        }
        return new Script(text.toByteArray());
    }

    private static byte[] read(Class<?> beside, String name) {
        try (InputStream in = beside.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalArgumentException("no script " + name + " beside " + beside.getName());
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Runs the script.
     *
     * @param keys at least one, all of one slot
     * @return the elements of the table that the script returns: {@code byte[]}, {@code Long}, null or again a list
     */
    public Mono<List<Object>> run(Redis redis, String[] keys, byte[]... arguments) {
        return redis.<Object>call(keys[0], commands -> evaluate(commands, keys, arguments))
                .next()
                .map(Script::asList);
    }

    /** As {@link #run}, without the interceptor. */
    Mono<List<Object>> runUnguarded(Redis redis, String[] keys, byte[]... arguments) {
        return redis.<Object>unguarded(commands -> evaluate(commands, keys, arguments))
                .next()
                .map(Script::asList);
    }

    /**
     * As {@link #run}, for a script whose answer may have megabytes: if that does not arrive in time, Redis may be available nevertheless,
     * and the interceptor does not count it.
     */
    public Mono<List<Object>> runLarge(Redis redis, String[] keys, byte[]... arguments) {
        return redis.<Object>callLarge(keys[0], commands -> evaluate(commands, keys, arguments))
                .next()
                .map(Script::asList);
    }

    private Flux<Object> evaluate(
            RedisClusterReactiveCommands<String, byte[]> commands, String[] keys, byte[][] arguments) {
        return commands.evalsha(digest, ScriptOutputType.MULTI, keys, arguments)
                .onErrorResume(
                        RedisNoScriptException.class,
                        e -> commands.eval(text, ScriptOutputType.MULTI, keys, arguments));
    }

    @SuppressWarnings("unchecked") // the elements of Lettuce's MULTI output
    private static List<Object> asList(Object reply) {
        return (List<Object>) reply;
    }

    /** An element of a reply as text. */
    public static String text(Object element) {
        return new String((byte[]) element, StandardCharsets.UTF_8);
    }

    /** An element of a reply as a list. */
    public static List<Object> list(Object element) {
        return asList(element);
    }

    /** An argument. */
    public static byte[] bytes(String argument) {
        return argument.getBytes(StandardCharsets.UTF_8);
    }

    public static byte[] bytes(long argument) {
        return bytes(Long.toString(argument));
    }
}
