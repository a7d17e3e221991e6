package dev.parley.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNullElse;

import dev.parley.config.ConfigException;
import dev.parley.config.ValueType;
import dev.parley.support.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command line. It exits with 0, with 1 when running failed, and with 2 when the configuration or the usage is refused. */
@Command(
        name = "parley",
        description = "The real-time gateway between AI agents and the people they talk to.",
        versionProvider = Main.VersionProvider.class)
public final class Main implements Runnable {

    @Spec
    private CommandSpec spec;

    private Main() {}

    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, UTF_8);
        System.exit(run(System.getenv(), out, err, args));
    }

    /** Runs one command and returns its exit code. */
    static int run(Map<String, String> environment, PrintWriter out, PrintWriter err, String... args) {
        CommandLine line = new CommandLine(new Main())
                .addSubcommand(new ServeCommand(environment))
                .addSubcommand(new DemoCommand(environment))
                .addSubcommand(new TokenCommand(environment))
                .addSubcommand(new ConfigCommand(environment))
                .addSubcommand(new ClassArchiveCommand())
                .addSubcommand(DeadLettersCommand.line(environment));
        line.getCommandSpec().mixinStandardHelpOptions(true);
        line.getSubcommands().values().forEach(Main::help);
        return line.setOut(out)
                .setErr(err)
                .setExpandAtFiles(false)
                .registerConverter(Duration.class, Main::duration)
                .setParameterExceptionHandler(Main::misused)
                .setExecutionExceptionHandler(Main::failed)
                .execute(args);
    }

    private static void help(CommandLine command) {
        command.getCommandSpec().versionProvider(new VersionProvider()).mixinStandardHelpOptions(true);
        command.getSubcommands().values().forEach(Main::help);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static Duration duration(String text) {
        ValueType<?> type = ValueType.of(Duration.class);
        try {
            return (Duration) type.parse().apply(text);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new TypeConversionException("\"" + text + "\" is refused: expected " + type.expected());
        }
    }

    private static int misused(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        command.getErr().println("parley: " + e.getMessage());
        if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr())) {
            command.getErr().println("parley: see " + command.getCommandSpec().qualifiedName() + " --help");
        }
        return ExitCode.USAGE;
    }

    private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        if (e instanceof ConfigException refused) {
            refused.problems().forEach(problem -> command.getErr().println("parley: " + problem));
            return ExitCode.USAGE;
        }
        command.getErr().println("parley: " + requireNonNullElse(e.getMessage(), e.toString()));
        if (!outside(e)) {
            LoggerFactory.getLogger(Main.class).error("{} failed", command.getCommandName(), e);
        }
        return ExitCode.SOFTWARE;
    }

    /** Whether an error comes from outside, such as a port in use, and so is reported by its message alone; a defect has its stack trace. */
    private static boolean outside(@Nullable Throwable e) {
        return e != null && (e instanceof IOException || outside(e.getCause()));
    }

    static final class VersionProvider implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {"parley " + Version.text() + " (Java " + Runtime.version() + ")"};
        }
    }
}
