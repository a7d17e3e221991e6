package dev.parley.cli;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import dev.parley.config.LogFormat;
import org.slf4j.LoggerFactory;

/** The part of logging that the configuration decides. All else is logback.xml's. */
final class Logging {

    /** The appender of logback.xml. An operator's own file that has none of this name keeps its own format. */
    private static final String APPENDER = "stderr";

    private Logging() {}

    static void use(LogFormat format) {
        if (format == LogFormat.JSON
                && LoggerFactory.getILoggerFactory() instanceof LoggerContext context
                && context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(APPENDER)
                        instanceof ConsoleAppender<ILoggingEvent> appender) {
            appender.stop();
            appender.setEncoder(json(context));
            appender.start();
        }
    }

    private static JsonEncoder json(LoggerContext context) {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setContext(context);
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMessage(false);
        encoder.setWithArguments(false);
        encoder.setWithFormattedMessage(true);
        encoder.start();
        return encoder;
    }
}
