package dev.parley.chaos;

import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

/** The nodes that clients are sent to, as a load balancer knows them. Thread-safe. */
final class Nodes implements AutoCloseable {

    private final List<Node> all = new CopyOnWriteArrayList<>();
    private final List<Node> serving = new CopyOnWriteArrayList<>();

    void add(Node node) {
        all.add(node);
        serving.add(node);
    }

    /** Sends nobody to it any more. */
    void remove(Node node) {
        if (!serving.remove(node)) {
            throw new IllegalArgumentException(node.name() + " serves nobody");
        }
    }

    boolean serves(Node node) {
        return serving.contains(node);
    }

    /** Sends everybody to the new one who was sent to the old one; there is always somewhere to go. */
    void replace(Node old, Node fresh) {
        all.add(fresh);
        serving.add(fresh);
        remove(old);
    }

    Node get(int index) {
        return serving.get(index);
    }

    /** The one of that name. */
    Node named(String name) {
        return serving.stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    Node any(Random random) {
        Node[] now = serving.toArray(Node[]::new);
        return now[random.nextInt(now.length)];
    }

    @Override
    public void close() {
        all.forEach(Node::close);
    }
}
