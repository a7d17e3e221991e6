package dev.parley.bench.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A process that is watched through {@code /proc}.
 *
 * @param role what it is in a run: {@code gateway}, {@code redis}, {@code postgres} or {@code client}; figures of one role are added up
 * @param family whether its children are counted with it
 */
public record Watched(String role, long pid, boolean family) {

    private static final double TICKS_PER_SECOND = 100;

    public Watched(String role, long pid) {
        this(role, pid, false);
    }

    /** What it has used so far; empty when it is not there. */
    public Optional<Usage> usage() {
        return of(pid).map(own ->
                children().stream().flatMap(child -> of(child).stream()).reduce(own, Usage::plus));
    }

    private List<Long> children() {
        return !family
                ? List.of()
                : ProcessHandle.of(pid).stream()
                        .flatMap(ProcessHandle::descendants)
                        .map(ProcessHandle::pid)
                        .toList();
    }

    private static Optional<Usage> of(long pid) {
        Path proc = Path.of("/proc/" + pid);
        try {
            String stat = Files.readString(proc.resolve("stat"));
            // The command's name stands in parentheses and may have anything in it.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            long switches = 0;
            try (Stream<Path> tasks = Files.list(proc.resolve("task"))) {
                for (Path task : tasks.toList()) {
                    switches += switches(task.resolve("status"));
                }
            }
            return Optional.of(new Usage(
                    Long.parseLong(fields[11]) / TICKS_PER_SECOND,
                    Long.parseLong(fields[12]) / TICKS_PER_SECOND,
                    status(proc.resolve("status"), "VmRSS:") * 1024,
                    Integer.parseInt(fields[17]),
                    switches));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // A process that ends between two reads answers "no such process" in the middle of a file.
            if (!Files.exists(proc)) {
                return Optional.empty();
            }
            throw new UncheckedIOException(e);
        }
    }

    private static long switches(Path status) throws IOException {
        try {
            return status(status, "voluntary_ctxt_switches:") + status(status, "nonvoluntary_ctxt_switches:");
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private static long status(Path file, String key) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(key)) {
                return Long.parseLong(
                        line.substring(key.length()).replace("kB", "").strip());
            }
        }
        return 0;
    }

    /**
     * What processes have used.
     *
     * @param user CPU-seconds outside the kernel
     * @param system CPU-seconds in the kernel
     * @param rss bytes of memory now
     * @param threads now
     * @param switches context switches of the threads that are there now
     */
    public record Usage(double user, double system, long rss, int threads, long switches) {

        public static final Usage NONE = new Usage(0, 0, 0, 0, 0);

        public double cpu() {
            return user + system;
        }

        public Usage plus(Usage other) {
            return new Usage(
                    user + other.user,
                    system + other.system,
                    rss + other.rss,
                    threads + other.threads,
                    switches + other.switches);
        }

        /** What was used since then; memory and threads are what they are now. */
        public Usage since(Usage before) {
            return new Usage(user - before.user, system - before.system, rss, threads, switches - before.switches);
        }
    }
}
