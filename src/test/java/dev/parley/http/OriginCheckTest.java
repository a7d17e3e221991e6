package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OriginCheckTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            https://chat.example        | chat.example
            https://chat.example        | chat.example:443
            https://chat.example:443    | chat.example
            http://chat.example         | chat.example:80
            http://CHAT.example         | chat.Example
            http://chat.example:8080    | chat.example:8080
            http://my_host:8080         | my_host:8080
            http://192.0.2.7:8080       | 192.0.2.7:8080
            http://[2001:db8::1]:8080   | [2001:db8::1]:8080
            http://[2001:db8::1]        | [2001:db8::1]:80
            """)
    void itsOwnPagesAreLetIn(String origin, String host) {
        assertThat(OriginCheck.allowed(List.of(origin), host)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost",
        "http://localhost:3000",
        "https://LocalHost",
        "http://app.localhost:5173",
        "http://127.0.0.1:9",
        "http://127.8.9.10",
        "http://[::1]:3000",
        "http://[::1]"
    })
    void pagesOfThisMachineAreLetIn(String origin) {
        assertThat(OriginCheck.allowed(List.of(origin), "chat.example")).isTrue();
        assertThat(OriginCheck.allowed(List.of(origin), null)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            https://evil.example         | chat.example
            https://chat.example         | chat.example:8080
            https://chat.example:8443    | chat.example
            http://chat.example          | chat.example:443
            https://chat.example         | chat.example:80
            https://chat.example.evil    | chat.example
            https://evilchat.example     | chat.example
            https://localhost.evil       | chat.example
            https://notlocalhost         | chat.example
            http://127.0.0.1.evil        | chat.example
            http://127.1                 | chat.example
            http://128.0.0.1             | chat.example
            http://0.0.0.0               | chat.example
            http://[::2]                 | chat.example
            http://localhost@evil        | chat.example
            http://localhost/            | chat.example
            http://localhost?            | chat.example
            file://localhost             | chat.example
            ws://localhost               | chat.example
            localhost                    | chat.example
            null                         | null
            null                         | chat.example
            ''                           | chat.example
            http://                      | chat.example
            http://local host            | chat.example
            """)
    void allOthersAreNot(String origin, String host) {
        assertThat(OriginCheck.allowed(List.of(origin), host)).isFalse();
    }

    @Test
    void whoSendsNoOriginIsNoPage() {
        assertThat(OriginCheck.allowed(List.of(), "chat.example")).isTrue();
        assertThat(OriginCheck.allowed(List.of(), null)).isTrue();
    }

    @Test
    void twoOriginsAreNone() {
        assertThat(OriginCheck.allowed(List.of("http://localhost", "http://localhost"), "localhost"))
                .isFalse();
    }

    @Test
    void withoutAHostThereIsNoPageOfItsOwn() {
        assertThat(OriginCheck.allowed(List.of("https://chat.example"), null)).isFalse();
    }
}
