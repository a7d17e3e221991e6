package dev.parley.app;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "demo",
        description = "Runs a gateway with an embedded Redis, a demo agent and the chat page: nothing else is needed.")
final class DemoCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options;

    DemoCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws InterruptedException {
        return ServeCommand.run(
                options.load(new ConfigLoader().demo(), environment).gateway());
    }
}
