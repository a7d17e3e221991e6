package dev.parley.cli;

import dev.parley.config.ConfigException;
import dev.parley.config.ConfigLoader;
import dev.parley.config.GatewayConfig;
import dev.parley.demo.DemoAgent;
import dev.parley.node.Node;
import dev.parley.redis.RedisTopology;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.Disposable;

@Command(
        name = "demo",
        description = "Runs a gateway with an embedded Redis, a demo agent and the chat page: nothing else is needed.")
final class DemoCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options;

    @Option(
            names = "--with-parent",
            description = "Ends when the process that started it does: Maven leaves its children behind.")
    private boolean withParent;

    @Spec
    private CommandSpec spec;

    DemoCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws InterruptedException {
        GatewayConfig config =
                options.load(new ConfigLoader().demo(), environment).gateway();
        if (!config.redis().embedded()
                && RedisTopology.parse(config.redis().uri().value()).sharded()) {
            throw new ConfigException(List.of("parley.redis.uri is a cluster, which the demo's agent does not speak to:"
                    + " leave it out, name a single server, or use parley serve with an agent of your own"));
        }
        if (withParent) {
            endWithParent();
        }
        return ServeCommand.run(config, DemoCommand::agent, spec.commandLine().getErr());
    }

    private static void endWithParent() {
        ProcessHandle.current().parent().ifPresent(parent -> {
            var unused = parent.onExit().thenRun(() -> System.exit(0));
        });
    }

    /** It shares the node's Redis and nothing else with it. */
    private static Disposable agent(Node gateway) {
        DemoAgent agent = new DemoAgent(gateway.redisUri(), gateway.keyPrefix());
        agent.open();
        return agent;
    }
}
