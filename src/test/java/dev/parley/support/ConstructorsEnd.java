package dev.parley.support;

import java.lang.reflect.Constructor;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/** JUnit's timeouts leave out a test class's constructor, where many start their node: one that hangs fails, and shows all threads. */
public final class ConstructorsEnd implements InvocationInterceptor {

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @Override
    public <T> T interceptTestClassConstructor(
            Invocation<T> invocation,
            ReflectiveInvocationContext<Constructor<T>> constructor,
            ExtensionContext context) {
        return Assertions.assertTimeoutPreemptively(PATIENCE, invocation::proceed, ConstructorsEnd::threads);
    }

    /** All threads of this process and where they stand. */
    public static String threads() {
        return Thread.getAllStackTraces().entrySet().stream()
                .map(thread -> thread.getKey()
                        + Arrays.stream(thread.getValue())
                                .map(frame -> "\n    at " + frame)
                                .collect(Collectors.joining()))
                .collect(Collectors.joining("\n"));
    }
}
