package dev.parley.bench.subject;

import dev.parley.bench.client.Dialect;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.measure.GcLog;
import dev.parley.bench.measure.Watched;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A peer: one process of its own, and Redis. Events come to it in one way only. */
record Peer(
        String name,
        InetSocketAddress address,
        Dialect dialect,
        List<Outlet> outlets,
        Watched gateway,
        RedisServer redis,
        Map<String, String> versions,
        List<GcLog> gcLogs,
        Launched process)
        implements Subject {

    @Override
    public List<InetSocketAddress> nodes() {
        return List.of(address);
    }

    @Override
    public List<Outlet> outlets(Via via) {
        return outlets;
    }

    @Override
    public List<Watched> processes() {
        return Stream.concat(Stream.of(gateway), redis.processes().stream()).toList();
    }

    @Override
    public void close() {
        process.close();
    }
}
