package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Decides which pages may use a gateway without authentication: its own, and those of this machine. Browsers send the {@code Origin} of the
 * page with every WebSocket and every write (RFC 6454, Fetch standard); a client without one is not a page.
 */
public final class OriginCheck {

    private OriginCheck() {}

    public static boolean allowed(HttpServerRequest request) {
        return allowed(
                request.requestHeaders().getAll(HttpHeaderNames.ORIGIN),
                request.requestHeaders().get(HttpHeaderNames.HOST));
    }

    static boolean allowed(List<String> origins, @Nullable String host) {
        return origins.isEmpty() || (origins.size() == 1 && allowed(origins.get(0), host));
    }

    private static boolean allowed(String origin, @Nullable String host) {
        URI uri = parse(origin);
        if (uri == null) {
            return false;
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        return (host != null && address(uri.getRawAuthority(), scheme).equals(address(host, scheme)))
                || (uri.getHost() != null && isLoopback(uri.getHost().toLowerCase(Locale.ROOT)));
    }

    /** The origin; null if it is opaque ({@code null}), not a web page's, or more than scheme, host and port. */
    private static @Nullable URI parse(String origin) {
        try {
            URI uri = new URI(origin);
            boolean web = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            return web && origin.equals(uri.getScheme() + "://" + uri.getRawAuthority()) ? uri : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** Host and port, without the scheme's default port. A proxy may have terminated TLS, so the page's scheme counts. */
    private static String address(String authority, String scheme) {
        String port = scheme.equals("https") ? ":443" : ":80";
        String address = authority.toLowerCase(Locale.ROOT);
        return address.endsWith(port) ? address.substring(0, address.length() - port.length()) : address;
    }

    /** By its name alone, without a look-up. */
    private static boolean isLoopback(String host) {
        if (host.equals("localhost") || host.endsWith(".localhost")) {
            return true;
        }
        byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
        try {
            return address != null && InetAddress.getByAddress(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes", e);
        }
    }
}
