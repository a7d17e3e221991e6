package dev.parley.support;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** Hears everything that is logged while it is open, Netty's and Reactor's own words included. */
public final class LogWatch implements AutoCloseable {

    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final Queue<ILoggingEvent> events = new ConcurrentLinkedQueue<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            events.add(event);
        }
    };

    private LogWatch() {
        appender.start();
        root.addAppender(appender);
    }

    public static LogWatch open() {
        return new LogWatch();
    }

    /** What was said so far and not asserted yet, the oldest first. */
    public List<String> lines() {
        return events.stream().map(LogWatch::describe).toList();
    }

    /** Nothing was an error since the last time, and nothing was worth a stack trace: what clients do is no fault of the node. */
    public void assertQuiet() {
        List<ILoggingEvent> said = new ArrayList<>();
        for (ILoggingEvent event; (event = events.poll()) != null; ) {
            said.add(event);
        }
        assertThat(said)
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.ERROR)
                        || (event.getLevel().isGreaterOrEqual(Level.WARN) && event.getThrowableProxy() != null))
                .extracting(LogWatch::describe)
                .isEmpty();
    }

    /** Lets what was said so far be: a library had its own words for a server that was killed. */
    public void forget() {
        events.clear();
    }

    private static String describe(ILoggingEvent event) {
        String trace = event.getThrowableProxy() == null
                ? ""
                : " " + ch.qos.logback.classic.spi.ThrowableProxyUtil.asString(event.getThrowableProxy());
        return event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage() + trace;
    }

    @Override
    public void close() {
        root.detachAppender(appender);
    }
}
