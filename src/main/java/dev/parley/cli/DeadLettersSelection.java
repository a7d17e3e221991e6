package dev.parley.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The selected dead letters: some by their ids, or all. */
final class DeadLettersSelection {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Parameters(paramLabel = "ID", arity = "0..*", description = "Ids, as list shows them.")
    private List<String> ids = new ArrayList<>();

    @Option(names = "--all", description = "All that are there now.")
    private boolean all;

    /** @throws ParameterException when it is neither or both */
    boolean all() {
        if (all == !ids.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "name ids, or say --all");
        }
        ids.forEach(this::check);
        return all;
    }

    private void check(String id) {
        if (!id.matches("\\d{1,20}-\\d{1,20}")) {
            throw new ParameterException(
                    spec.commandLine(), "\"" + id + "\" is no id: expected one such as 1795420154608-0");
        }
    }

    List<String> ids() {
        return ids;
    }

    /** Says which of the ids were not there; the exit code. */
    int missing(List<String> found, PrintWriter err) {
        List<String> missing = ids.stream().filter(id -> !found.contains(id)).toList();
        missing.forEach(id -> err.println("parley: there is no dead letter " + id));
        return missing.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }
}
