package dev.parley.app;

import dev.parley.demo.DemoAgent;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import reactor.core.Disposable;

@Command(
        name = "demo",
        description = "Runs a gateway with an embedded Redis, a demo agent and the chat page: nothing else is needed.")
final class DemoCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    DemoCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws InterruptedException {
        GatewayConfig config =
                options.load(new ConfigLoader().demo(), environment).gateway();
        return ServeCommand.run(config, DemoCommand::agent, spec.commandLine().getErr());
    }

    /** It shares the node's Redis and nothing else with it. */
    private static Disposable agent(Gateway gateway) {
        DemoAgent agent = new DemoAgent(gateway.redisUri());
        agent.open();
        return agent;
    }
}
