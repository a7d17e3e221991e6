package dev.parley.postgres;

import io.r2dbc.spi.ConnectionFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import name.nkonev.r2dbc.migrate.core.Dialect;
import name.nkonev.r2dbc.migrate.core.R2dbcMigrate;
import name.nkonev.r2dbc.migrate.core.R2dbcMigrateProperties;
import name.nkonev.r2dbc.migrate.reader.MigrateResource;
import reactor.core.publisher.Mono;

/**
 * The schema, brought up to date: each file that the database has not had, in the order of their numbers, in a transaction each. Nodes
 * that start at once wait for each other at an advisory lock, which goes with the connection of a node that dies.
 */
final class Migrations {

    /** Never changed once they were released: a change is a new file. */
    private static final List<String> FILES = List.of("V1__record.sql", "V2__audit_heads.sql");

    /** Of all of it, the wait for another node included. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Read once, since a class path is a file and event loops read none. */
    private static final List<MigrateResource> SCRIPTS =
            FILES.stream().<MigrateResource>map(Migrations::read).toList();

    private Migrations() {}

    /** Cold. It needs connections of its own, not those of a pool: one that is pooled would take the lock along. */
    static Mono<Void> run(ConnectionFactory server) {
        return R2dbcMigrate.migrate(server, properties(), path -> SCRIPTS, null, null)
                .timeout(PATIENCE);
    }

    private static R2dbcMigrateProperties properties() {
        R2dbcMigrateProperties properties = new R2dbcMigrateProperties();
        properties.setDialect(Dialect.POSTGRESQL);
        properties.setResourcesPath("db");
        properties.setWaitForDatabase(false);
        properties.setPreferDbSpecificLock(true);
        properties.setAcquireLockMaxRetries(PATIENCE.toSeconds());
        properties.setMigrationsTable("parley_migrations");
        properties.setMigrationsLockTable("parley_migrations_lock");
        properties.setUseEnvironmentSubstitutor(false);
        properties.setUseSystemPropertiesSubstitutor(false);
        return properties;
    }

    private static Resource read(String name) {
        try (InputStream in = Migrations.class.getResourceAsStream("/db/" + name)) {
            if (in == null) {
                throw new IllegalStateException("no migration " + name);
            }
            return new Resource(name, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record Resource(String name, byte[] sql) implements MigrateResource {

        @Override
        public boolean isReadable() {
            return true;
        }

        @Override
        public InputStream getInputStream() {
            return new ByteArrayInputStream(sql);
        }

        @Override
        public String getFilename() {
            return name;
        }
    }
}
