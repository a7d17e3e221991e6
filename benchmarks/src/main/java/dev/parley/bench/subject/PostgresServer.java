package dev.parley.bench.subject;

import dev.parley.bench.measure.Watched;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A PostgreSQL of a run's own, of the embedded binaries, empty, with its own settings: it waits for the disk before it says "committed". */
public final class PostgresServer implements AutoCloseable {

    private final EmbeddedPostgres server;
    private final Watched process;

    private PostgresServer(EmbeddedPostgres server, Watched process) {
        this.server = server;
        this.process = process;
    }

    /** Blocks until it takes connections. */
    public static PostgresServer start(Path directory) {
        try {
            Path data = Files.createTempDirectory(directory, "postgres-");
            System.setProperty(
                    "ot.epg.working-dir", directory.resolve("postgres").toString());
            EmbeddedPostgres server = EmbeddedPostgres.builder()
                    .setDataDirectory(data)
                    .setPort(Launched.freePort())
                    .setOutputRedirector(ProcessBuilder.Redirect.DISCARD)
                    .setErrorRedirector(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String pid = Files.readAllLines(data.resolve("postmaster.pid")).get(0);
            return new PostgresServer(server, new Watched("postgres", Long.parseLong(pid.strip()), true));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the gateway has to be told of it. */
    public List<String> settings() {
        return List.of(
                "postgres.url=postgresql://127.0.0.1:" + server.getPort() + "/postgres", "postgres.username=postgres");
    }

    /** It and what it has started. */
    public Watched process() {
        return process;
    }

    /** Ends it; its data goes with it. Blocks. */
    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
