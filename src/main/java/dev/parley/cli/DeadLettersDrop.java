package dev.parley.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "drop", description = "Deletes dead letters for good.")
final class DeadLettersDrop implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private DeadLettersSource source;

    @Mixin
    private DeadLettersSelection selection;

    @Spec
    private CommandSpec spec;

    @Option(names = "--yes", description = "Needed, since there is no way back.")
    private boolean yes;

    DeadLettersDrop(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        boolean all = selection.all();
        if (!yes) {
            throw new ParameterException(spec.commandLine(), "there is no way back: say --yes");
        }
        List<String> dropped =
                source.each(environment, (stream, letters) -> all ? letters.dropAll() : letters.drop(selection.ids()));
        spec.commandLine().getOut().println("Deleted: " + dropped.size());
        return all ? 0 : selection.missing(dropped, spec.commandLine().getErr());
    }
}
