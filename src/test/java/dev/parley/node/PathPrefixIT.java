package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A browser that reaches the node through a proxy, which takes a path off the front of each request. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PathPrefixIT {

    private static final Pattern IN_PAGE = Pattern.compile("(?:href|src)=\"([^\"]+)\"");
    private static final Pattern IN_SCRIPT =
            Pattern.compile("(?:^import .* from |import\\(|new URL\\(|fetch\\()\"([^\"]+)\"", Pattern.MULTILINE);

    private final TestNode node = TestNode.start("console.enabled", "true");

    @AfterAll
    void close() {
        node.close();
    }

    /** As the browser sees it. */
    private static URI seen(String prefix, String path) {
        return URI.create("https://example.org" + prefix + path);
    }

    /** What the node answers there. */
    private TestHttp.Answer get(String prefix, URI seen) {
        assertThat(seen.getHost()).isEqualTo("example.org");
        assertThat(seen.getPath()).as("below the prefix").startsWith(prefix + "/");
        return TestHttp.get(node.http(seen.getPath().substring(prefix.length())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/parley", "/tools/parley"})
    void redirectsLeadToTheChatPage(String prefix) {
        for (String path : List.of("/", "/chat")) {
            URI from = seen(prefix, path);
            TestHttp.Answer answer = get(prefix, from);
            assertThat(answer.status()).isEqualTo(302);
            URI to = from.resolve(answer.header("Location"));
            assertThat(to).isEqualTo(seen(prefix, "/chat/"));
            assertThat(get(prefix, to).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/parley", "/tools/parley"})
    void linksOfThePageAndItsScriptLeadToTheNode(String prefix) {
        URI page = seen(prefix, "/chat/");
        List<String> inPage = links(IN_PAGE, get(prefix, page).body());
        List<String> inScript =
                links(IN_SCRIPT, get(prefix, seen(prefix, "/chat/chat.js")).body());
        assertThat(inPage).contains("chat.js", "chat.css", "../parley.js");
        assertThat(inScript).contains("../parley.js", "../v1/ws");
        for (List<String> links : List.of(inPage, inScript)) {
            for (String link : links) {
                // There is something, though a socket wants an upgrade.
                int expected = link.endsWith("/v1/ws") ? 426 : 200;
                assertThat(get(prefix, page.resolve(link)).status()).as(link).isEqualTo(expected);
            }
        }
    }

    private static List<String> links(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }
}
