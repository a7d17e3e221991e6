package dev.parley.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.config.ConfigException;
import dev.parley.config.ConfigLoader;
import dev.parley.config.GatewayConfig;
import dev.parley.support.Secret;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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

    @Option(
            names = "--conversation",
            description =
                    "A conversation that the token opens; repeatable. Any of the tenant, new ones too, unless given.")
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
        String owner = tenant == null ? config.auth().defaultTenant() : tenant;
        spec.commandLine().getOut().println(mint(secret, owner));
        return 0;
    }

    private String mint(Secret secret, String owner) {
        Set<String> grants = conversations.isEmpty() ? Set.of(Principal.ANY) : Set.copyOf(conversations);
        try {
            return new TokenMint(secret.value().getBytes(UTF_8), Clock.systemUTC())
                    .mint(subject, owner, Set.of(role()), grants, ttl);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "the token is refused: " + e.getMessage(), e);
        }
    }

    private Role role() {
        return Stream.of(Role.values())
                .filter(each -> each.wire().equals(role))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "--role is \"" + role + "\": expected user or agent"));
    }
}
