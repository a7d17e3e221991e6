package dev.parley.cli;

import dev.parley.config.ConfigLoader;
import dev.parley.config.ConfigPrinter;
import dev.parley.config.LoadedConfig;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "config",
        description = "Checks the configuration and prints what is in effect, and where each value came from.")
final class ConfigCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    ConfigCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        LoadedConfig loaded = options.load(new ConfigLoader(), environment);
        spec.commandLine().getOut().print(ConfigPrinter.print(loaded));
        spec.commandLine().getOut().flush();
        return 0;
    }
}
