package dev.parley.log;

import dev.parley.event.Position;
import org.jspecify.annotations.Nullable;

/** An event in the log. */
public record LogEntry(Position position, @Nullable String eventId, byte[] event) {}
