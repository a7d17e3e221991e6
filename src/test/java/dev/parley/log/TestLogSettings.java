package dev.parley.log;

import java.time.Duration;
import java.util.function.Consumer;

/** The default settings but for what a test is about. */
public final class TestLogSettings {

    private static final LogSettings DEFAULT = LogSettings.DEFAULT;

    int maxEvents = DEFAULT.maxEvents();
    long maxBytes = DEFAULT.maxBytes();
    public Duration ttl = DEFAULT.ttl();
    int seen = DEFAULT.seen();
    long maxRunText = DEFAULT.maxRunText();
    int resumeEvents = DEFAULT.resumeEvents();
    long resumeBytes = DEFAULT.resumeBytes();
    long pageBytes = DEFAULT.pageBytes();
    Duration silence = DEFAULT.silence();
    public SessionSettings sessions = DEFAULT.sessions();

    private TestLogSettings() {}

    public static LogSettings with(Consumer<TestLogSettings> changes) {
        TestLogSettings its = new TestLogSettings();
        changes.accept(its);
        return new LogSettings(
                its.maxEvents,
                its.maxBytes,
                its.ttl,
                its.seen,
                its.maxRunText,
                its.resumeEvents,
                its.resumeBytes,
                its.pageBytes,
                DEFAULT.defaultTenant(),
                its.silence,
                its.sessions);
    }
}
