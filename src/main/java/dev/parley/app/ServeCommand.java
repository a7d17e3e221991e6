package dev.parley.app;

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
    static int run(GatewayConfig config, Function<Gateway, Disposable> beside, PrintWriter err)
            throws InterruptedException {
        Logging.use(config.logFormat());
        Gateway gateway = Gateway.start(config);
        Disposable companion = beside.apply(gateway);
        Thread shutdown = new Thread(
                () -> {
                    companion.dispose();
                    if (!gateway.stop()) {
                        // Something that was accepted is lost. A signal's own exit code would not tell.
                        Runtime.getRuntime().halt(CommandLine.ExitCode.SOFTWARE);
                    }
                },
                "shutdown");
        Runtime.getRuntime().addShutdownHook(shutdown);
        gateway.awaitRedis(REDIS_PATIENCE);
        new Greeting(config).say(gateway, err);
        gateway.awaitStop();
        return 0;
    }
}
