package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PathTemplateTest {

    @Test
    void aNameTakesOneSegmentAsItCame() {
        assertThat(match("/v1/sessions/{id}/messages/{seq}", "/v1/sessions/a%2Fb/messages/7"))
                .isEqualTo(Map.of("id", "a%2Fb", "seq", "7"));
    }

    @Test
    void aPathOfLiteralsHasNoParameters() {
        assertThat(match("/", "/")).isEmpty();
        assertThat(match("/v1/ws", "/v1/ws")).isEmpty();
    }

    @Test
    void anotherPathDoesNotMatch() {
        assertThat(match("/v1/sessions/{id}", "/v1/sessions")).isNull();
        assertThat(match("/v1/sessions/{id}", "/v1/sessions/")).isNull();
        assertThat(match("/v1/sessions/{id}", "/v1/sessions/a/")).isNull();
        assertThat(match("/v1/sessions/{id}", "/v1/sessions/a/b")).isNull();
        assertThat(match("/v1/sessions/{id}", "/v2/sessions/a")).isNull();
        assertThat(match("/v1/ws", "/v1/WS")).isNull();
        assertThat(match("/", "")).isNull();
        assertThat(match("/", "//")).isNull();
    }

    @Test
    void aTemplateThatCanNotWorkIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PathTemplate("v1/ws"))
                .withMessageContaining("start with /");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PathTemplate("/{id}/{id}"))
                .withMessageContaining("twice");
    }

    private static @Nullable Map<String, String> match(String template, String path) {
        return new PathTemplate(template).match(PathTemplate.split(path));
    }
}
