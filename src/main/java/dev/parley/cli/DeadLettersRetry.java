package dev.parley.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "retry",
        description = {
            "Puts dead letters back, at the end of their stream, where a gateway reads them as new entries.",
            "Each is added before it is deleted among the dead letters. When this is cut off in between, the next retry adds"
                    + " that one a second time; the log refuses the second one if the entry has an event_id."
        })
final class DeadLettersRetry implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private DeadLettersSource source;

    @Mixin
    private DeadLettersSelection selection;

    @Spec
    private CommandSpec spec;

    DeadLettersRetry(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        boolean all = selection.all();
        List<String> retried = source.each(
                environment, (stream, letters) -> all ? letters.retryAll() : letters.retry(selection.ids()));
        spec.commandLine().getOut().println("Put back: " + retried.size());
        return all ? 0 : selection.missing(retried, spec.commandLine().getErr());
    }
}
