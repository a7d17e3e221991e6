package dev.parley.bench.load;

import java.net.InetSocketAddress;

/** Where events are sent to, and in which words. */
public interface Outlet {

    enum Protocol {
        REDIS,
        HTTP
    }

    InetSocketAddress address();

    Protocol protocol();

    /** One event of a conversation. */
    Template template(Events events, int conversation);
}
