package dev.parley.app;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "serve", description = "Runs a gateway.")
final class ServeCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options;

    ServeCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws InterruptedException {
        return run(options.load(new ConfigLoader(), environment).gateway());
    }

    /** Blocks until the node is asked to stop: by a signal, or by itself. */
    static int run(GatewayConfig config) throws InterruptedException {
        Logging.use(config.logFormat());
        Gateway gateway = Gateway.start(config);
        Runtime.getRuntime().addShutdownHook(new Thread(gateway::stop, "shutdown"));
        gateway.awaitStop();
        return 0;
    }
}
