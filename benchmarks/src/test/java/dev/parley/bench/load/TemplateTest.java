package dev.parley.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TemplateTest {

    @Test
    void aCommandIsWrittenAsRedisReadsIt() {
        Template command = Template.command("PUBLISH", "chät", Template.PLACE);
        assertThat(text(command)).isEqualTo("*3\r\n$7\r\nPUBLISH\r\n$5\r\nchät\r\n$36\r\n" + Template.PLACE + "\r\n");
    }

    @Test
    void aRequestSaysHowLongItsBodyIs() {
        Template request =
                Template.post("localhost:1", "/v1/x", "application/json", "{\"t\":\"" + Template.PLACE + "\"}");
        assertThat(text(request))
                .startsWith("POST /v1/x HTTP/1.1\r\nHost: localhost:1\r\n")
                .contains("Content-Length: 44\r\n\r\n{");
    }

    @Test
    void theStampGoesWhereItsPlaceIs() {
        Template command = Template.command("PUBLISH", "chät", "<" + Template.PLACE + ">");
        Stamp.put(command.bytes(), command.stampAt(), 5, 6, 7, 8);
        assertThat(Stamp.at(Unpooled.wrappedBuffer(command.bytes()), command.stampAt(), 5))
                .isTrue();
        assertThat(text(command)).contains("<@0005").endsWith("8~>\r\n");
    }

    @Test
    void withoutAPlaceThereIsNoTemplate() {
        assertThatThrownBy(() -> Template.command("PING"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no place for a stamp")
                .hasMessageContaining("PING");
    }

    private static String text(Template template) {
        return new String(template.bytes(), StandardCharsets.UTF_8);
    }
}
