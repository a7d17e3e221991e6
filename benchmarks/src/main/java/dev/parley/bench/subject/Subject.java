package dev.parley.bench.subject;

import dev.parley.bench.client.Dialect;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.measure.GcLog;
import dev.parley.bench.measure.Watched;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/** A system that is running and can be measured. */
public interface Subject extends AutoCloseable {

    String name();

    /** Where its nodes listen for WebSockets. */
    List<InetSocketAddress> nodes();

    Dialect dialect();

    /** Where events are sent to that way; one for each connection that should be used. */
    List<Outlet> outlets(Via via);

    /** Its processes that run on this machine, Redis with them. */
    List<Watched> processes();

    /** Where the gateway's JVMs log their pauses; empty when they have none. */
    default List<GcLog> gcLogs() {
        return List.of();
    }

    Map<String, String> versions();

    /** Ends it. Blocks. */
    @Override
    void close();
}
