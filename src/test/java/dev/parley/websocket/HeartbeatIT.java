package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.node.TestNode;
import dev.parley.protocol.CloseCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a socket hears when nothing comes from it. */
final class HeartbeatIT {

    @Test
    void whoAnswersNeitherPingIsClosed() throws IOException {
        try (TestNode node = TestNode.start("websocket.heartbeat", "300ms");
                RawSocket silent = RawSocket.welcomed(node.socket())) {
            RawSocket.Received one = silent.next();
            List<Integer> pings = new ArrayList<>();
            while (one.opcode() != RawSocket.CLOSE) {
                pings.add(one.opcode());
                one = silent.next();
            }
            assertThat(pings).containsExactlyInAnyOrder(RawSocket.TEXT, RawSocket.PING);
            assertThat(one.code()).isEqualTo(CloseCode.SILENT.code());
        }
    }

    @Test
    void eitherAnswerWillDo() throws IOException {
        try (TestNode node = TestNode.start("websocket.heartbeat", "2s");
                RawSocket pongs = RawSocket.welcomed(node.socket());
                RawSocket json = RawSocket.welcomed(node.socket())) {
            for (int i = 0; i < 3; i++) {
                next(pongs, RawSocket.PING);
                pongs.send(RawSocket.FINAL | RawSocket.PONG);
                next(json, RawSocket.TEXT);
                json.text("{'type':'pong'}");
            }
        }
    }

    private static void next(RawSocket socket, int opcode) throws IOException {
        RawSocket.Received one = socket.next();
        while (one.opcode() != opcode) {
            assertThat(one.opcode()).as("%s", one.code()).isNotEqualTo(RawSocket.CLOSE);
            one = socket.next();
        }
    }
}
