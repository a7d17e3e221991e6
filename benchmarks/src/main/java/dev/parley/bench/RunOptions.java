package dev.parley.bench;

import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Settings;
import dev.parley.bench.subject.Launch;
import dev.parley.bench.subject.Via;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How much of everything, and what it is measured on. */
final class RunOptions {

    @Option(
            names = "--rate",
            paramLabel = "N|max",
            converter = Allowed.Rate.class,
            description = "events a second over all conversations; max is as fast as deliveries come")
    @Nullable
    Double rate;

    @Option(
            names = "--sockets",
            paramLabel = "N",
            converter = Allowed.Count.class,
            description = "sockets, spread over the conversations")
    @Nullable
    Integer sockets;

    @Option(names = "--conversations", paramLabel = "N", converter = Allowed.Count.class, description = "conversations")
    @Nullable
    Integer conversations;

    @Option(
            names = "--duration",
            paramLabel = "10s",
            converter = Allowed.Time.class,
            description = "how long it is measured")
    @Nullable
    Duration duration;

    @Option(
            names = "--warm-up",
            paramLabel = "10s",
            converter = Allowed.TimeOrNone.class,
            description = "the same load before it counts")
    @Nullable
    Duration warmUp;

    @Option(names = "--bytes", paramLabel = "N", converter = Allowed.Count.class, description = "length of an event")
    @Nullable
    Integer bytes;

    @Option(
            names = "--window",
            paramLabel = "N",
            converter = Allowed.Count.class,
            description = "deliveries on their way, where the rate is max")
    @Nullable
    Integer window;

    @Option(names = "--via", paramLabel = "pubsub|stream|http", description = "how events are published")
    @Nullable
    Via via;

    @Option(names = "--phase", split = ",", paramLabel = "NAME", description = "only these parts of the scenario")
    List<String> phases = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            converter = Allowed.Count.class,
            description = "repetitions; the median counts (default: 1, and 3 where systems are compared)")
    @Nullable
    Integer rounds;

    @Option(names = "--quick", description = "a second with a few sockets: shows that it runs, measures nothing")
    boolean quick;

    @Option(
            names = "--gateway",
            paramLabel = "URL",
            description = "measure this gateway, http://host:port, instead of starting one; --redis names its Redis")
    @Nullable
    URI gateway;

    @Option(
            names = "--gateway-pid",
            paramLabel = "PID",
            description = "its process, to be watched; without it there are no figures of it")
    @Nullable
    Long gatewayPid;

    @Option(
            names = "--redis",
            paramLabel = "URI",
            description = "use this Redis, redis://user:password@host:port, instead of starting one")
    @Nullable
    String redis;

    @Option(names = "--postgres", description = "start a PostgreSQL, too, and let the gateway have it as its record")
    boolean postgres;

    @Option(names = "--nodes", paramLabel = "N", converter = Allowed.Count.class, description = "gateways to start")
    @Nullable
    Integer nodes;

    @Option(
            names = "--parley",
            paramLabel = "DIR",
            description = "the gateway's distribution (default: target/parley of this checkout)")
    @Nullable
    Path parley;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "a setting of the gateway")
    List<String> settings = List.of();

    @Option(
            names = "--java-opts",
            paramLabel = "FLAGS",
            defaultValue = "",
            description = "flags for the JVM of the gateway and of the Java peers")
    String javaOptions = "";

    /** What a scenario is measured on, as it was asked for. */
    List<Phase> phases(Scenario scenario) {
        List<String> names = scenario.phases().stream().map(Phase::name).toList();
        for (String asked : phases) {
            if (!names.contains(asked)) {
                throw new IllegalArgumentException(
                        "%s has no phase %s: one of %s".formatted(scenario.name(), asked, String.join(", ", names)));
            }
        }
        return scenario.phases().stream()
                .filter(phase -> phases.isEmpty() || phases.contains(phase.name()))
                .map(this::apply)
                .toList();
    }

    /** @param usual repetitions when none were asked for */
    int rounds(int usual) {
        return rounds == null ? usual : rounds;
    }

    /** A phase with what was asked for in place of its own. One that ends by itself has no duration, whatever was asked for. */
    private Phase apply(Phase phase) {
        Settings own = phase.settings();
        int quickly = quick ? 20 : Integer.MAX_VALUE;
        int used = conversations != null ? conversations : Math.min(own.conversations(), quickly);
        int watching = sockets != null ? sockets : quick ? Math.min(own.sockets(), 40) : own.sockets();
        double paced = own.rate() == 0 ? 0 : Math.min(own.rate(), quick ? 500 : Double.MAX_VALUE);
        Duration usual = quick ? Duration.ofSeconds(1) : own.duration();
        return new Phase(
                phase.name(),
                new Settings(
                        used,
                        watching,
                        rate != null ? rate : paced,
                        window != null ? window : quick ? Math.min(own.window(), 500) : own.window(),
                        own.duration().isZero() ? Duration.ZERO : duration != null ? duration : usual,
                        warmUp != null ? warmUp : quick ? Duration.ofSeconds(1) : own.warmUp(),
                        bytes != null ? bytes : own.bytes(),
                        via != null ? via : own.via(),
                        nodes != null ? nodes : own.nodes()));
    }

    /** Refuses what cannot be measured so. */
    void check(Scenario scenario, List<Phase> chosen) {
        new Deployment(gateway, redis).check(scenario, chosen);
        if (gateway == null && gatewayPid != null) {
            throw new IllegalArgumentException("--gateway-pid goes with --gateway");
        }
        if (gateway != null && (postgres || !javaOptions.isBlank())) {
            throw new IllegalArgumentException("--postgres and --java-opts are for a gateway that is started here");
        }
    }

    Launch launch() throws IOException {
        Path directory = Files.createTempDirectory("parley-bench");
        return new Launch(
                gateway,
                gatewayPid,
                redis,
                (parley == null ? checkout().resolve("target/parley") : parley).toAbsolutePath(),
                checkout().resolve("benchmarks/peers"),
                settings,
                javaOptions,
                directory);
    }

    /** The checkout that this program was built in: it is benchmarks/target/bench. */
    private static Path checkout() {
        try {
            Path self = Path.of(RunOptions.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return self.toAbsolutePath().getParent().getParent().getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
