package dev.parley.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.LogWatch;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which PostgreSQL the tests run against, and that it is said. */
class SharedPostgresIT {

    private final LogWatch log = LogWatch.open();

    @AfterEach
    void close() {
        log.close();
    }

    private static String unused() {
        throw new AssertionError("not this one");
    }

    private void assertSaid(String what) {
        // The real one may be starting meanwhile.
        assertThat(log.lines())
                .filteredOn(line ->
                        line.contains("SharedPostgres: ") && !line.contains("127.0.0.1") && !line.contains("localhost"))
                .singleElement()
                .asString()
                .startsWith("INFO")
                .contains(what);
    }

    @Test
    void whereNoDockerAnswersItIsTheEmbeddedOne() {
        assertThat(SharedPostgres.choose(() -> false, SharedPostgresIT::unused, () -> "here:1"))
                .isEqualTo("here:1");
        assertSaid("embedded binaries at here:1, since no Docker answers");
    }

    @Test
    void whereDockerAnswersItIsAContainer() {
        assertThat(SharedPostgres.choose(() -> true, () -> "there:2", SharedPostgresIT::unused))
                .isEqualTo("there:2");
        assertSaid("a container of postgres:17.6-alpine at there:2");
    }

    @Test
    void whereDockerGetsNoImageItIsTheEmbeddedOne() {
        Supplier<String> fails = () -> {
            throw new IllegalStateException("no such image");
        };
        assertThat(SharedPostgres.choose(() -> true, fails, () -> "here:1")).isEqualTo("here:1");
        assertSaid("since Docker can't start postgres:17.6-alpine: no such image");
    }

    @Test
    void theContainerHasTheVersionOfTheEmbeddedBinaries() throws SQLException {
        try (TestPostgres embedded = TestPostgres.start();
                Connection connection = DriverManager.getConnection("jdbc:" + embedded.url() + "?user=postgres")) {
            assertThat(SharedPostgres.IMAGE.getVersionPart())
                    .isEqualTo("%s-alpine", connection.getMetaData().getDatabaseProductVersion());
        }
    }
}
