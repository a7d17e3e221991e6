package dev.parley.bench.subject;

import dev.parley.bench.measure.GcLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The JVM that {@code bin/parley} starts, with its flags: the peers that are Java programs get the same.
 *
 * @param program {@code JAVA_HOME}'s, or the one in the path
 * @param flags those of {@code bin/parley} that tune it, and those that the run was given
 */
record Jvm(String program, List<String> flags) {

    /** Not the class archive's: it has the gateway's classes, and its name is a variable of the script. */
    private static final Pattern FLAG = Pattern.compile("(?<=\\s)-XX:[\\w+=-]+(?=\\s)");

    private static final Pattern BUILD = Pattern.compile("\\(build (\\S+)\\)");

    static Jvm of(Launch launch) {
        try {
            String script = Files.readString(launch.parley().resolve("bin/parley"));
            Stream<String> own = FLAG.matcher(script).results().map(MatchResult::group);
            Stream<String> given =
                    Stream.of(launch.javaOptions().strip().split("\\s+")).filter(flag -> !flag.isEmpty());
            String home = System.getenv("JAVA_HOME");
            return new Jvm(
                    home == null || home.isEmpty()
                            ? "java"
                            : Path.of(home, "bin", "java").toString(),
                    Stream.concat(own, given).toList());
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "there is no gateway in " + launch.parley()
                            + ", whose flags this peer should have: build it with mvn -DskipTests package beside the benchmarks",
                    e);
        }
    }

    /** The command that starts a program, up to what it is given. */
    List<String> command(GcLog log, String classPath, Class<?> main) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(flags);
        command.addAll(
                List.of(log.flag(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classPath, main.getName()));
        return command;
    }

    /** Which one a process is; empty when it is none, or is not this user's. Blocks. */
    static Optional<String> version(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().command())
                .filter(program -> program.endsWith("/java"))
                .flatMap(program -> Asked.of(program, "--version"))
                .flatMap(said -> BUILD.matcher(said).results().findFirst().map(build -> build.group(1)));
    }
}
