package dev.parley.app;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "token",
        description = "Prints a token signed with parley.auth.jwt.secret, for tests and for agents you run yourself.")
final class TokenCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    @Option(names = "--subject", required = true, description = "Who the token is for.")
    private String subject;

    @Option(names = "--tenant", description = "The tenant; parley.auth.default-tenant unless given.")
    private @Nullable String tenant;

    @Option(names = "--role", defaultValue = "user", description = "user or agent; ${DEFAULT-VALUE} unless given.")
    private String role;

    @Option(names = "--conversation", description = "A conversation that the token opens; repeatable.")
    private List<String> conversations = new ArrayList<>();

    @Option(
            names = "--ttl",
            defaultValue = "1h",
            description = "How long it is good for; ${DEFAULT-VALUE} unless given.")
    private Duration ttl;

    TokenCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        GatewayConfig config = options.load(new ConfigLoader(), environment).gateway();
        Secret secret = config.auth()
                .jwt()
                .secret()
                .orElseThrow(
                        () -> new ConfigException(List.of("parley.auth.jwt.secret is not set: a token is signed with"
                                + " it, set the one that the gateway has, best by PARLEY_AUTH_JWT_SECRET")));
        if (ttl.isZero()) {
            throw new ParameterException(spec.commandLine(), "--ttl is 0: give it a duration such as 10m or 1h");
        }
        String owner = tenant == null ? config.auth().defaultTenant() : tenant;
        spec.commandLine().getOut().println(mint(secret, owner));
        return 0;
    }

    private String mint(Secret secret, String owner) {
        throw new UnsupportedOperationException("no token can be minted yet for " + subject + " as " + role + " of "
                + owner + ", for " + conversations + ", within " + ttl + ", with " + secret);
    }
}
