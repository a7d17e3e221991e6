package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressesTest {

    private static final String PEER = "203.0.113.7";

    private static String address(int proxies, String... forwardedFor) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (String value : forwardedFor) {
            headers.add("X-Forwarded-For", value);
        }
        return new ClientAddresses(proxies).of(headers, new InetSocketAddress(PEER, 4711));
    }

    @Test
    void withoutProxiesNobodyIsBelieved() {
        assertThat(address(0, "192.0.2.1")).isEqualTo(PEER);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    1 | 192.0.2.1                        | 192.0.2.1
                    1 | 6.6.6.6, 192.0.2.1               | 192.0.2.1
                    2 | 6.6.6.6,192.0.2.1 , 10.0.0.1     | 192.0.2.1
                    3 | 192.0.2.1, 10.0.0.1              | 192.0.2.1
                    1 | unknown                          | 203.0.113.7
                    1 | 2001:db8:1:2:3:4:5:6             | 2001:db8:1:2::/64
                    1 | [2001:db8::1]                    | 2001:db8:0:0::/64
                    1 | ::ffff:192.0.2.1                 | 192.0.2.1
                    1 | 6.6.6.6,                         | 203.0.113.7
                    1 | 192.0.2.1:5678                   | 192.0.2.1
                    2 | 192.0.2.1:5678, 10.0.0.1:80      | 192.0.2.1
                    1 | [2001:db8::1]:5678               | 2001:db8:0:0::/64
                    1 | 192.0.2.1:http                   | 203.0.113.7
                    1 | 192.0.2.1:                       | 203.0.113.7
                    1 | [2001:db8::1]5678                | 203.0.113.7
                    1 | unknown:5678                     | 203.0.113.7
                    1 | :5678                            | 203.0.113.7
                    1 | 2001:db8::5678                   | 2001:db8:0:0::/64
                    """)
    void theHopThatTheOutermostProxyWroteCounts(int proxies, String header, String expected) {
        assertThat(address(proxies, header)).isEqualTo(expected);
    }

    @Test
    void headersGoOneBehindTheOther() {
        assertThat(address(1, "6.6.6.6", "192.0.2.1")).isEqualTo("192.0.2.1");
        assertThat(address(1)).isEqualTo(PEER);
    }
}
