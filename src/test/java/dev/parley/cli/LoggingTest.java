package dev.parley.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.config.LogFormat;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class LoggingTest {

    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final ConsoleAppender<ILoggingEvent> appender = appender(context);
    private final Encoder<ILoggingEvent> before = appender.getEncoder();

    @AfterEach
    void putTheEncoderBack() {
        appender.setEncoder(before);
    }

    @Test
    void linesAreForPeopleUnlessAskedOtherwise() throws JoranException {
        LoggerContext production = new LoggerContext();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(production);
        configurator.doConfigure(Logging.class.getResource("/logback.xml"));
        assertThat(appender(production).getTarget()).isEqualTo("System.err");
        assertThat(appender(production).getEncoder()).isInstanceOf(PatternLayoutEncoder.class);

        Logging.use(LogFormat.TEXT);

        assertThat(appender.getEncoder()).isSameAs(before);
    }

    @Test
    void forMachinesEachLineIsAJsonObject() throws IOException {
        Logging.use(LogFormat.JSON);

        LoggingEvent event =
                new LoggingEvent("", context.getLogger("here"), Level.WARN, "lost {}", null, new Object[] {"\"it\"\n"});
        byte[] line = appender.getEncoder().encode(event);
        JsonNode json = new ObjectMapper().readTree(line);
        assertThat(json.path("level").textValue()).isEqualTo("WARN");
        assertThat(json.path("loggerName").textValue()).isEqualTo("here");
        assertThat(json.path("formattedMessage").textValue()).isEqualTo("lost \"it\"\n");
        assertThat(new String(line, UTF_8)).containsOnlyOnce("\n").endsWith("\n");
        assertThat(appender.isStarted()).isTrue();
    }

    private static ConsoleAppender<ILoggingEvent> appender(LoggerContext of) {
        return (ConsoleAppender<ILoggingEvent>)
                of.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("stderr");
    }
}
