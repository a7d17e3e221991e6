package dev.parley.resilience;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.Ids;
import dev.parley.event.Kind;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code outage-queue.ndjson}: the accepted events that Redis had not received when the node was stopped, one JSON object per line, oldest
 * first. The file is written completely or not at all: to a temporary file, forced to the disk and renamed. Everything here blocks.
 * Thread-safe; for one process.
 */
public final class SpillFile {

    private static final Logger LOG = LoggerFactory.getLogger(SpillFile.class);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BUFFER = 64 * 1024;

    private final Path file;
    private final Path damaged;
    private boolean taken;
    private boolean written;

    /** @param directory created when it is needed */
    public SpillFile(Path directory) {
        this.file = directory.resolve("outage-queue.ndjson");
        this.damaged = directory.resolve("outage-queue.damaged.ndjson");
    }

    public Path path() {
        return file;
    }

    /**
     * Reads the events of an earlier process. They stay in the file until {@link #delete}, or until it is {@link #write written} again.
     * Each has its {@link SpillOffset place}, so that an event read and appended twice is in its log once, however many there are. A line
     * that can't be read is moved to {@code outage-queue.damaged.ndjson}.
     */
    public synchronized List<QueuedEvent> read() throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        List<QueuedEvent> events = new ArrayList<>();
        List<byte[]> bad = new ArrayList<>();
        for (byte[] line : lines(Files.readAllBytes(file))) {
            try {
                events.add(parse(line));
            } catch (IOException | IllegalArgumentException e) {
                LOG.error("{} has a damaged line, which was moved to {}: {}", file, damaged, e.getMessage());
                bad.add(line);
            }
        }
        setAside(bad);
        boolean numbered = inOneOrder(events);
        if (!numbered) {
            // Several nodes', or an older version's. They must be on the disk before the first of them is in its log.
            events = numbered(events);
        }
        if (!numbered || !bad.isEmpty()) {
            // Without the damaged lines, so that they are not found again.
            replace(new byte[0], events);
        }
        taken = true;
        return events;
    }

    private static boolean inOneOrder(List<QueuedEvent> events) {
        SpillOffset before = null;
        for (QueuedEvent event : events) {
            SpillOffset here = event.spilled();
            if (here == null
                    || (before != null && (!here.queue().equals(before.queue()) || here.number() <= before.number()))) {
                return false;
            }
            before = here;
        }
        return true;
    }

    private static List<QueuedEvent> numbered(List<QueuedEvent> events) {
        String queue = Ids.random();
        List<QueuedEvent> numbered = new ArrayList<>(events.size());
        for (QueuedEvent event : events) {
            numbered.add(new QueuedEvent(event.event(), event.access(), new SpillOffset(queue, numbered.size() + 1)));
        }
        return numbered;
    }

    /**
     * Writes the remaining events; without any, deletes what was read. Events that another node has written meanwhile, if two nodes share a
     * directory, are kept in front.
     */
    public synchronized void write(List<QueuedEvent> events) throws IOException {
        byte[] others = !taken && Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
        if (!events.isEmpty()) {
            replace(others, numbered(events));
            written = true;
        } else if (taken) {
            delete();
        }
    }

    /** The events that were read are in the logs. Events written since then stay. */
    public synchronized void delete() throws IOException {
        if (!written) {
            Files.deleteIfExists(file);
            taken = false;
        }
    }

    private void replace(byte[] before, List<QueuedEvent> events) throws IOException {
        Path directory = Files.createDirectories(
                Objects.requireNonNull(file.toAbsolutePath().getParent()));
        Path beside = directory.resolve("outage-queue." + Ids.random() + ".tmp");
        try {
            try (FileChannel channel =
                            FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                    OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
                out.write(before);
                if (before.length > 0 && before[before.length - 1] != '\n') {
                    out.write('\n'); // its writer was interrupted: only that line is damaged
                }
                for (QueuedEvent event : events) {
                    out.write(JSON.writeValueAsBytes(line(event)));
                    out.write('\n');
                }
                out.flush();
                channel.force(true);
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
            force(directory);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    /** Forces the new name to the disk, too. */
    private static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private void setAside(List<byte[]> lines) throws IOException {
        if (lines.isEmpty()) {
            return;
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] line : lines) {
            all.writeBytes(line);
            all.write('\n');
        }
        // On the disk before they are removed from the file.
        Files.write(
                damaged,
                all.toByteArray(),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND,
                StandardOpenOption.SYNC);
    }

    private static List<byte[]> lines(byte[] text) {
        List<byte[]> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i <= text.length; i++) {
            if (i == text.length || text[i] == '\n') {
                if (i > from) {
                    lines.add(Arrays.copyOfRange(text, from, i));
                }
                from = i + 1;
            }
        }
        return lines;
    }

    // Format of a line. Bytes of an event are Base64, so that they are restored byte for byte.

    private static ObjectNode line(QueuedEvent queued) {
        AgentEvent event = queued.event();
        Access access = queued.access();
        ObjectNode line = JSON.createObjectNode()
                .put("conversation", event.conversation())
                .put("event_id", event.eventId())
                .put("type", event.type())
                .put("kind", event.kind().name())
                .put("run", event.run())
                .put("agent", event.agent())
                .put("message_id", event.messageId())
                .put("text", event.text())
                .put("tool", event.tool())
                .put("tool_call", event.toolCall())
                .put("to", event.to())
                .put("lease_ms", event.leaseMs())
                .put("event", event.bytes());
        line.putObject("access")
                .put("tenant", access.tenant())
                .put("checked", access.checked())
                .put("may_be_new", access.mayBeNew());
        SpillOffset spilled = queued.spilled();
        if (spilled != null) {
            line.put("queue", spilled.queue()).put("number", spilled.number());
        }
        return line;
    }

    private static QueuedEvent parse(byte[] text) throws IOException {
        JsonNode line = JSON.readTree(text);
        AgentEvent event = new AgentEvent(
                required(line, "type"),
                Kind.valueOf(required(line, "kind")),
                requiredId(line, "conversation"),
                requiredId(line, "event_id"),
                string(line, "run"),
                string(line, "agent"),
                string(line, "message_id"),
                bytes(line, "text"),
                bytes(line, "tool"),
                string(line, "tool_call"),
                string(line, "to"),
                line.path("lease_ms").asLong(),
                requiredBytes(line));
        JsonNode access = line.path("access");
        return new QueuedEvent(
                event,
                new Access(
                        requiredId(access, "tenant"),
                        // A missing field must not grant access.
                        access.path("checked").asBoolean(true),
                        access.path("may_be_new").asBoolean(false)),
                line.hasNonNull("queue")
                        ? new SpillOffset(
                                requiredId(line, "queue"), line.path("number").asLong())
                        : null);
    }

    private static String required(JsonNode line, String field) {
        String value = string(line, field);
        if (value == null) {
            throw new IllegalArgumentException("it has no " + field);
        }
        return value;
    }

    private static String requiredId(JsonNode line, String field) {
        String value = required(line, field);
        if (!Ids.valid(value)) {
            throw new IllegalArgumentException(field + " " + Ids.RULE);
        }
        return value;
    }

    private static byte[] requiredBytes(JsonNode line) throws IOException {
        byte[] value = bytes(line, "event");
        if (value == null) {
            throw new IllegalArgumentException("it has no event");
        }
        return value;
    }

    private static @Nullable String string(JsonNode line, String field) {
        return line.hasNonNull(field) ? line.path(field).asText() : null;
    }

    private static byte @Nullable [] bytes(JsonNode line, String field) throws IOException {
        return line.hasNonNull(field) ? line.path(field).binaryValue() : null;
    }
}
