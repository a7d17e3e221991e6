package dev.parley.cli;

import dev.parley.config.ConfigLoader;
import dev.parley.config.GatewayConfig;
import dev.parley.node.Node;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import reactor.core.Disposable;
import reactor.core.Disposables;

@Command(name = "serve", description = "Runs a gateway.")
final class ServeCommand implements Callable<Integer> {

    /** A Redis that is there has answered by then; one that is not must not keep the node from saying that it is up. */
    private static final Duration REDIS_PATIENCE = Duration.ofSeconds(2);

    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    ServeCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws InterruptedException {
        GatewayConfig config = options.load(new ConfigLoader(), environment).gateway();
        return run(config, gateway -> Disposables.single(), spec.commandLine().getErr());
    }

    /**
     * Blocks until the node is asked to stop: by a signal, or by itself.
     *
     * @param beside starts what else runs in this process; it is disposed of before the node stops
     */
    static int run(GatewayConfig config, Function<Node, Disposable> beside, PrintWriter err)
            throws InterruptedException {
        Logging.use(config.logFormat());
        Node gateway = new Node(config);
        Disposable.Swap companion = Disposables.swap();
        // Before the start: a signal during the start stops what has started.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            companion.dispose();
                            if (!gateway.stop()) {
                                // Something that was accepted is lost. A signal's own exit code would not tell.
                                Runtime.getRuntime().halt(CommandLine.ExitCode.SOFTWARE);
                            }
                        },
                        "shutdown"));
        gateway.start();
        companion.update(beside.apply(gateway));
        gateway.awaitRedis(REDIS_PATIENCE);
        new StartupBanner(config).say(gateway, err);
        gateway.awaitStop();
        return 0;
    }
}
