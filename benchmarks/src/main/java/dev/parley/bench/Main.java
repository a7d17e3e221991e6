package dev.parley.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Puts load on a gateway and says what came of it.",
        subcommands = {
            RunCommand.class,
            PeersCommand.class,
            CompareCommand.class,
            ReportCommand.class,
            ScenariosCommand.class,
            MicroCommand.class
        })
public final class Main {

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"bench " + (version == null ? "from sources" : version)};
        }
    }

    private Main() {}

    public static void main(String[] args) {
        // Lettuce and Netty tell of their start; a run's own lines are what should be seen.
        System.setProperty(
                "org.slf4j.simpleLogger.defaultLogLevel",
                System.getProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn"));
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    command.getErr().println("bench: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
                    if (Boolean.getBoolean("bench.trace")) {
                        e.printStackTrace(command.getErr());
                    }
                    return 1;
                });
    }
}
