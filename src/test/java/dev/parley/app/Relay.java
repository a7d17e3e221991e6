package dev.parley.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A network that can be cut: passes TCP connections on to a server, and while it is cut there are none. */
public final class Relay implements AutoCloseable {

    private final ServerSocket listening;
    private final URI target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    private Relay(ServerSocket listening, URI target) {
        this.listening = listening;
        this.target = target;
    }

    /** @param target any URI with the server's host and port */
    public static Relay to(URI target) {
        try {
            Relay relay = new Relay(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), target);
            start("relay", relay::accept);
            return relay;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI http(String path) {
        return URI.create("http://127.0.0.1:" + listening.getLocalPort() + path);
    }

    /** Breaks all connections; new ones are broken at once, until {@link #mend()}. */
    public void cut() {
        cut = true;
        open.forEach(Relay::close);
    }

    public void mend() {
        cut = false;
    }

    @Override
    public void close() {
        cut();
        try {
            listening.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                pass(listening.accept());
            } catch (IOException e) {
                // The target is away, or this relay is closed: either way there is no connection.
            }
        }
    }

    private void pass(Socket from) throws IOException {
        if (cut) {
            from.close();
            return;
        }
        open.add(from);
        try {
            Socket to = new Socket(target.getHost(), target.getPort());
            open.add(to);
            start("relay-up", () -> pump(from, to));
            start("relay-down", () -> pump(to, from));
        } catch (IOException e) {
            close(from);
            throw e;
        }
        if (cut) {
            cut();
        }
    }

    private void pump(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // One side has gone, so the other goes too.
        } finally {
            close(from);
            close(to);
            open.remove(from);
            open.remove(to);
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
