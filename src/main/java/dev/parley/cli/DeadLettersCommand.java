package dev.parley.cli;

import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "dead-letters",
        description =
                "Lists the entries of durable streams that were given up, puts them back into their stream, or deletes them.")
final class DeadLettersCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    private DeadLettersCommand() {}

    static CommandLine line(Map<String, String> environment) {
        return new CommandLine(new DeadLettersCommand())
                .addSubcommand(new DeadLettersList(environment))
                .addSubcommand(new DeadLettersRetry(environment))
                .addSubcommand(new DeadLettersDrop(environment));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "what to do is missing: list, retry or drop");
    }
}
