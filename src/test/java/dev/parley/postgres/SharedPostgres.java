package dev.parley.postgres;

import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** One PostgreSQL for all integration tests of this JVM: a container where Docker answers, else the embedded binaries. */
final class SharedPostgres {

    /** Of the same version as the embedded binaries. */
    static final DockerImageName IMAGE = DockerImageName.parse("postgres:17.6-alpine");

    private static final Logger LOG = LoggerFactory.getLogger(SharedPostgres.class);

    private static final int PORT = 5432;

    /** Its host and port; {@code postgres} logs in without a password. */
    static final String SERVER = choose(
            DockerClientFactory.instance()::isDockerAvailable, SharedPostgres::container, SharedPostgres::embedded);

    private SharedPostgres() {}

    /** Starts the one or the other, and says which. Docker that answers and can't start it, such as one that gets no images, is no error. */
    static String choose(BooleanSupplier docker, Supplier<String> container, Supplier<String> embedded) {
        String why = "no Docker answers";
        if (docker.getAsBoolean()) {
            try {
                String server = container.get();
                LOG.info("The tests' PostgreSQL is a container of {} at {}", IMAGE, server);
                return server;
            } catch (RuntimeException e) {
                why = "Docker can't start " + IMAGE + ": " + e.getMessage();
            }
        }
        String server = embedded.get();
        LOG.info("The tests' PostgreSQL is of the embedded binaries at {}, since {}", server, why);
        return server;
    }

    /** Testcontainers ends it when this JVM has ended, however that was. It is ready when it says so again: at first it starts for its setup. */
    @SuppressWarnings("resource")
    private static String container() {
        GenericContainer<?> container = new GenericContainer<>(IMAGE)
                .withEnv("POSTGRES_HOST_AUTH_METHOD", "trust")
                .withCommand("postgres", "-c", "fsync=off", "-c", "max_connections=100")
                .withExposedPorts(PORT)
                .waitingFor(Wait.forLogMessage(".*ready to accept connections.*", 2));
        container.start();
        return container.getHost() + ":" + container.getMappedPort(PORT);
    }

    private static String embedded() {
        TestPostgres server = TestPostgres.start();
        Runtime.getRuntime().addShutdownHook(new Thread(server::close, "postgres-ends"));
        return "127.0.0.1:" + server.port();
    }
}
