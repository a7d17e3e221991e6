package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.support.Patience;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;

/** A WebSocket client that sends whatever it is told to, well-formed or not. */
final class RawSocket implements AutoCloseable {

    static final int CONTINUATION = 0x0;
    static final int TEXT = 0x1;
    static final int BINARY = 0x2;
    static final int CLOSE = 0x8;
    static final int PING = 0x9;
    static final int PONG = 0xA;
    static final int FINAL = 0x80;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int NO_CODE = 1005;
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    record Received(int opcode, byte[] payload) {

        JsonNode json() throws IOException {
            return JSON.readTree(payload);
        }

        /** A close frame's code, 1005 when it has none. */
        int code() {
            return payload.length == 0 ? NO_CODE : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
        }
    }

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;

    private RawSocket(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) Patience.of(PATIENCE).toMillis());
    }

    /** A TCP connection and nothing more. */
    static RawSocket connect(URI uri) throws IOException {
        return new RawSocket(new Socket(uri.getHost(), uri.getPort()));
    }

    /** Upgrades and takes the welcome. */
    static RawSocket welcomed(URI uri) throws IOException {
        RawSocket one = connect(uri);
        assertThat(one.upgrade(uri, "Sec-WebSocket-Protocol: parley.v1")).startsWith("HTTP/1.1 101 ");
        assertThat(one.next().json().path("type").asText()).isEqualTo("welcome");
        return one;
    }

    /** Asks for the upgrade, and returns the head of the answer. */
    String upgrade(URI uri, String... headers) throws IOException {
        return request(
                "GET " + uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()) + " HTTP/1.1",
                "Host: " + uri.getAuthority(),
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                String.join("\r\n", headers));
    }

    /** Sends a request of these lines, and returns the head of the answer. */
    String request(String... lines) throws IOException {
        StringBuilder request = new StringBuilder();
        for (String line : lines) {
            if (!line.isEmpty()) {
                request.append(line).append("\r\n");
            }
        }
        raw(request.append("\r\n").toString().getBytes(ISO_8859_1));
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
            head.write(in.readUnsignedByte());
        }
        return head.toString(ISO_8859_1);
    }

    /** The body of an answer whose head said how long it is. */
    JsonNode body(String head) throws IOException {
        String length = head.toLowerCase(Locale.ROOT).replaceAll("(?s).*content-length: (\\d+).*", "$1");
        return JSON.readTree(in.readNBytes(Integer.parseInt(length)));
    }

    @CanIgnoreReturnValue
    RawSocket raw(byte... bytes) throws IOException {
        out.write(bytes);
        out.flush();
        return this;
    }

    /** Each byte in a TCP segment of its own. */
    @CanIgnoreReturnValue
    RawSocket byteByByte(byte[] bytes) throws IOException {
        for (byte b : bytes) {
            out.write(b);
            out.flush();
        }
        return this;
    }

    @CanIgnoreReturnValue
    RawSocket text(String json) throws IOException {
        return raw(frame(FINAL | TEXT, json.replace('\'', '"').getBytes(UTF_8)));
    }

    @CanIgnoreReturnValue
    RawSocket send(int first, byte... payload) throws IOException {
        return raw(frame(first, payload));
    }

    /** A masked frame as a client has to send it; the first byte is taken as it is. */
    static byte[] frame(int first, byte... payload) {
        byte[] mask = {0x12, 0x34, 0x56, 0x78};
        ByteBuffer frame = header(first, 0x80, payload.length);
        frame.put(mask);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ mask[i % 4]));
        }
        return written(frame);
    }

    static byte[] unmasked(int first, byte... payload) {
        return written(header(first, 0, payload.length).put(payload));
    }

    private static ByteBuffer header(int first, int masked, int length) {
        ByteBuffer frame = ByteBuffer.allocate(length + 14).put((byte) first);
        if (length < 126) {
            return frame.put((byte) (masked | length));
        }
        return length <= 0xFFFF
                ? frame.put((byte) (masked | 126)).putShort((short) length)
                : frame.put((byte) (masked | 127)).putLong(length);
    }

    private static byte[] written(ByteBuffer frame) {
        byte[] bytes = new byte[frame.position()];
        frame.flip().get(bytes);
        return bytes;
    }

    Received next() throws IOException {
        int first = in.readUnsignedByte();
        assertThat(first & 0xF0).as("final, no reserved bits").isEqualTo(FINAL);
        int second = in.readUnsignedByte();
        assertThat(second & 0x80).as("a server does not mask").isZero();
        int length = second;
        if (second == 126) {
            length = in.readUnsignedShort();
        } else if (second == 127) {
            length = Math.toIntExact(in.readLong());
        }
        return new Received(first & 0x0F, in.readNBytes(length));
    }

    /** The next text frame's JSON. */
    JsonNode json() throws IOException {
        Received received = next();
        assertThat(received.opcode()).isEqualTo(TEXT);
        return received.json();
    }

    /** Reads on to the close frame, and answers it as a client should. */
    int closeCode() throws IOException {
        Received received = next();
        while (received.opcode() != CLOSE) {
            received = next();
        }
        try {
            send(FINAL | CLOSE, received.payload());
        } catch (SocketException e) {
            // Whoever sent it first may be gone already.
        }
        return received.code();
    }

    /** Whether the connection ends without anything more. */
    boolean ends() throws IOException {
        try {
            return in.read() < 0;
        } catch (EOFException e) {
            return true;
        }
    }

    /** Ends with a reset, as a process that is killed with unread data. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
