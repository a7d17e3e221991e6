package dev.parley.http;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Size;
import io.smallrye.config.WithDefault;

/** {@code parley.http}: the port for clients and agents. */
public interface HttpSettings {

    @Doc("address for clients and agents; any but a loopback address requires `parley.auth.mode: jwt`")
    @WithDefault("127.0.0.1")
    String host();

    @Doc("port for clients and agents; 0 picks any free one")
    @WithDefault("8080")
    @Bounds(least = "0", most = "65535")
    int port();

    @Doc("maximum size of a request body")
    @WithDefault("1MiB")
    @Bounds(least = "1KiB", most = "64MiB")
    Size maxBody();

    @Doc(
            "number of proxies in front that each add an address (with or without a port) to `X-Forwarded-For`; limits per address take the"
                    + " client's address from there. With 0 it is the address of the connection")
    @WithDefault("0")
    @Bounds(least = "0", most = "10")
    int proxies();
}
