package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Determines the addresses of clients.
 *
 * @param proxies number of proxies in front of the gateway, each of which adds its client's address to {@code X-Forwarded-For}. Entries
 *     further left may be forged
 */
public record ClientAddresses(int proxies) {

    private static final String FORWARDED_FOR = "X-Forwarded-For";
    private static final int NETWORK_BYTES = 8;

    /** An IPv4 address, or the /64 network of an IPv6 address, because its owner has all of it. Never blocks. */
    public String of(HttpServerRequest request) {
        return of(request.requestHeaders(), request.remoteAddress());
    }

    String of(HttpHeaders headers, @Nullable InetSocketAddress peer) {
        InetAddress told = proxies == 0 ? null : told(headers.getAll(FORWARDED_FOR));
        InetAddress address = told != null ? told : peer == null ? null : peer.getAddress();
        return address == null ? "" : text(address);
    }

    private @Nullable InetAddress told(List<String> headers) {
        List<String> hops = headers.stream()
                .flatMap(header -> List.of(header.split(",", -1)).stream())
                .map(String::trim)
                .toList();
        int hop = Math.max(0, hops.size() - proxies);
        return hop < hops.size() ? NetUtil.createInetAddressFromIpAddressString(withoutPort(hops.get(hop))) : null;
    }

    /** Some proxies write the port of the connection as well: {@code 192.0.2.1:5678}, {@code [2001:db8::1]:5678}. */
    private static String withoutPort(String hop) {
        int host = hop.startsWith("[") ? hop.indexOf(']') + 1 : hop.indexOf(':');
        boolean onlyColon = host > 0 && host == hop.lastIndexOf(':');
        return onlyColon && hop.substring(host + 1).matches("[0-9]{1,5}") ? hop.substring(0, host) : hop;
    }

    private static String text(InetAddress address) {
        if (address instanceof Inet4Address) {
            return address.getHostAddress();
        }
        byte[] bytes = address.getAddress();
        StringBuilder network = new StringBuilder();
        for (int i = 0; i < NETWORK_BYTES; i += 2) {
            network.append(Integer.toHexString(((bytes[i] & 0xff) << 8) | (bytes[i + 1] & 0xff)))
                    .append(':');
        }
        return network.append(":/64").toString();
    }
}
