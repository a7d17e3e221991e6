package dev.parley.node;

import dev.parley.support.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network that can be cut: passes TCP connections on to a server, and while it is cut there are none. It can also swallow what is sent
 * over a connection that stays open, in one direction: TCP acknowledges, nothing comes. And it can hold what is sent, to pass it on later.
 */
public final class Relay implements AutoCloseable {

    private final ServerSocket listening;
    private volatile URI target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Socket> swallowed = ConcurrentHashMap.newKeySet();
    private final Map<Socket, Socket> peers = new ConcurrentHashMap<>();
    private volatile boolean cut;
    private volatile boolean mute;
    private final Set<Socket> held = ConcurrentHashMap.newKeySet();
    private final AtomicInteger holding = new AtomicInteger();
    private volatile String cue = "";

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

    public int port() {
        return listening.getLocalPort();
    }

    public URI http(String path) {
        return URI.create("http://127.0.0.1:" + listening.getLocalPort() + path);
    }

    /** From now on new connections go to another server. */
    public void lead(URI other) {
        target = other;
    }

    /** From now on what the server says is lost, while what it is told still reaches it; until {@link #cut()}. */
    public void mute() {
        mute = true;
    }

    /** As {@link #mute}, as soon as the server has been told something that has this text in it. */
    public void muteAt(String text) {
        cue = text;
    }

    /** Breaks all connections; new ones are broken at once, until {@link #mend()}. */
    public void cut() {
        cut = true;
        mute = false;
        open.forEach(Relay::close);
    }

    /**
     * Swallows from now on what the server sends over one of the connections that there are.
     *
     * @param port of the connection, as the server sees its client
     */
    public void swallowAnswers(int port) {
        open.stream().filter(to -> isServer(to) && to.getLocalPort() == port).forEach(swallowed::add);
    }

    /** As {@link #swallowAnswers}, for what the client sends. */
    public void swallowQuestions(int port) {
        open.stream()
                .filter(to -> isServer(to) && to.getLocalPort() == port)
                .map(peers::get)
                .forEach(swallowed::add);
    }

    /** Swallows from now on, both ways, what is sent over the connections that there are; new ones pass. */
    public void swallow() {
        swallowed.addAll(open);
    }

    /** Holds back from now on, both ways, what is sent over the connections that there are, until {@link #letGo}. */
    public void hold() {
        held.addAll(open);
    }

    /** As {@link #hold}, for what the server sends over one of them. */
    public void holdAnswers(int port) {
        open.stream().filter(to -> isServer(to) && to.getLocalPort() == port).forEach(held::add);
    }

    public void letGo() {
        held.clear();
    }

    /** Directions in which something is held. */
    public int holding() {
        return holding.get();
    }

    private boolean isServer(Socket socket) {
        return socket.getPort() == target.getPort();
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
            peers.put(to, from);
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
            byte[] buffer = new byte[1 << 16];
            String last = "";
            int read;
            while ((read = from.getInputStream().read(buffer)) >= 0) {
                awaitPassage(from);
                String cue = this.cue;
                if (!cue.isEmpty() && !isServer(from)) {
                    // It may come in two pieces.
                    String told = last + new String(buffer, 0, read, StandardCharsets.ISO_8859_1);
                    if (told.contains(cue)) {
                        mute = true;
                        this.cue = "";
                    }
                    last = told.substring(Math.max(0, told.length() - cue.length()));
                }
                if (!swallowed.contains(from) && !(mute && isServer(from))) {
                    to.getOutputStream().write(buffer, 0, read);
                }
            }
        } catch (IOException e) {
            // One side has gone, so the other goes too.
        } finally {
            close(from);
            close(to);
            open.remove(from);
            open.remove(to);
            peers.remove(from);
            peers.remove(to);
        }
    }

    private void awaitPassage(Socket from) {
        if (held.contains(from)) {
            holding.incrementAndGet();
            while (held.contains(from) && !listening.isClosed()) {
                Await.pass(Duration.ofMillis(5));
            }
            holding.decrementAndGet();
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
