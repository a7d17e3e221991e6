package dev.parley.redis;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The {@code redis-server} for this machine out of the jar of {@code org.signal:embedded-redis}. Nothing else of that library is used: its
 * code needs libraries that are not on the class path. The jar is not on the class path of {@code parley serve}.
 */
public final class RedisBinary {

    private static final String PREFIX = "/redis-server-7.0.15-";

    private RedisBinary() {}

    /** Whether the library is on the class path: {@code bin/parley} has it for the demo only. */
    public static boolean available() {
        return RedisBinary.class.getResource("/redis/embedded/RedisExecProvider.class") != null;
    }

    /**
     * Copies the binary to {@code redis-server} in a directory, and makes it executable for this user. Blocks.
     *
     * @throws IOException if there is none for this machine, or the directory does not allow it
     */
    public static Path unpack(Path directory) throws IOException {
        String resource = resource(System.getProperty("os.name"), System.getProperty("os.arch"));
        Path binary = directory.resolve("redis-server");
        try (InputStream packed = RedisBinary.class.getResourceAsStream(resource)) {
            if (packed == null) {
                throw new IOException("there is no Redis binary for this machine: run one and set parley.redis.uri");
            }
            Files.copy(packed, binary);
        }
        if (!binary.toFile().setExecutable(true, true)) {
            throw new IOException(binary + " can't be made executable: set -Djava.io.tmpdir to another directory");
        }
        return binary;
    }

    /** Where the jar has the binary, if it has one for such a machine. */
    static String resource(String os, String arch) {
        String system = os.toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : os.toLowerCase(Locale.ROOT);
        return PREFIX
                + system
                + "-"
                + switch (arch) {
                    case "x86_64" -> "amd64";
                    case "aarch64" -> "arm64";
                    case "i386", "x86" -> "386";
                    default -> arch;
                };
    }
}
