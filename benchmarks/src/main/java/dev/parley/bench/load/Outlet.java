package dev.parley.bench.load;

import java.net.InetSocketAddress;
import java.util.List;

/** Where events are sent to, and in which words. */
public interface Outlet {

    enum Protocol {
        REDIS,
        HTTP
    }

    InetSocketAddress address();

    Protocol protocol();

    /** Commands that a connection begins with; each is answered, and an error is the end of it. */
    default List<byte[]> greeting() {
        return List.of();
    }

    /** One event of a conversation. */
    Template template(Events events, int conversation);
}
