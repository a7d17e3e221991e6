package dev.parley.bench.subject;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A gateway's distribution, by what lies in it. */
record Distribution(Path directory) {

    private static final String PARLEY = "parley-";

    /** Those whose speed is a part of the gateway's. */
    private static final List<String> LIBRARIES = List.of("netty-common-", "reactor-netty-http-", "lettuce-core-");

    private static final int DIGITS = 16;

    /** Its version, its libraries' and, when it stands in a checkout, that one's commit. */
    Map<String, String> versions() {
        Map<String, String> versions = new LinkedHashMap<>();
        jar(PARLEY).ifPresent(jar -> {
            versions.put("parley", version(jar, PARLEY));
            versions.put("parley sha256", digest(jar));
            commit(jar).ifPresent(commit -> versions.put("checkout", commit));
        });
        for (String library : LIBRARIES) {
            jar(library)
                    .ifPresent(jar -> versions.put(library.substring(0, library.length() - 1), version(jar, library)));
        }
        return versions;
    }

    private Optional<Path> jar(String prefix) {
        try (Stream<Path> jars = Files.list(directory.resolve("lib"))) {
            return jars.filter(jar -> jar.getFileName().toString().startsWith(prefix))
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String version(Path jar, String prefix) {
        String name = jar.getFileName().toString();
        return name.substring(prefix.length(), name.length() - ".jar".length());
    }

    /** A build's own: the same sources give the same jar. */
    private static String digest(Path jar) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
            return HexFormat.of().formatHex(digest).substring(0, DIGITS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Of the checkout that it stands in, unless that commit is younger than the jar: then it is of an earlier one. */
    private Optional<String> commit(Path jar) {
        return Asked.of(directory, List.of("git", "log", "-1", "--format=%ct"))
                .filter(seconds ->
                        Long.parseLong(seconds) * 1000 <= jar.toFile().lastModified())
                .flatMap(older -> Asked.of(directory, List.of("git", "describe", "--always", "--tags", "--dirty")));
    }
}
