package dev.parley.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The output of an embedded Redis, read to the end by a daemon thread, because a full pipe would stop the server. */
final class ServerOutput {

    /** The port belongs to another process. */
    static final class PortTakenException extends IOException {
        private static final long serialVersionUID = 1;

        PortTakenException(String said) {
            super(said);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(ServerOutput.class);

    private static final long READY_SECONDS = 20;
    private static final int LAST_LINES = 4;
    private static final Pattern VERSION = Pattern.compile("Redis version=([^,]+),");

    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final Queue<String> said = new ArrayDeque<>();
    private volatile String version = "unknown";

    private ServerOutput() {}

    static ServerOutput of(Process process) {
        ServerOutput output = new ServerOutput();
        Thread reader = new Thread(() -> output.read(process), "embedded-redis-" + process.pid());
        reader.setDaemon(true);
        reader.start();
        return output;
    }

    private void read(Process process) {
        try (BufferedReader lines = process.inputReader(UTF_8)) {
            String line;
            while ((line = lines.readLine()) != null) {
                heard(line);
            }
        } catch (IOException e) {
            LOG.debug("the embedded Redis was cut off", e);
        }
        String last = String.join(" / ", said);
        ready.completeExceptionally(
                last.contains("Failed listening on port") ? new PortTakenException(last) : new IOException(last));
    }

    private void heard(String line) {
        LOG.debug("{}", line);
        if (ready.isDone()) {
            return;
        }
        said.add(line.strip());
        if (said.size() > LAST_LINES) {
            said.remove();
        }
        Matcher matcher = VERSION.matcher(line);
        if (matcher.find()) {
            version = matcher.group(1);
        }
        if (line.contains("Ready to accept connections") || line.contains("Sentinel ID is")) {
            ready.complete(null);
        }
    }

    /** Blocks until the server answers. Fails with its last output if it ends before, or does not answer within 20 s. */
    void awaitReady() throws IOException {
        try {
            ready.get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("it was not ready within " + READY_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    String version() {
        return version;
    }
}
