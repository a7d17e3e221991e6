package dev.parley.bench.subject;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistributionTest {

    @TempDir
    Path directory;

    @Test
    void aBuildIsToldByItsJars() throws IOException {
        jars(
                "parley-1.2.jar",
                "netty-common-4.2.18.Final.jar",
                "netty-buffer-4.1.jar",
                "lettuce-core-7.7.0.RELEASE.jar");

        assertThat(new Distribution(directory).versions())
                .containsEntry("parley", "1.2")
                .containsEntry("netty-common", "4.2.18.Final")
                .containsEntry("lettuce-core", "7.7.0.RELEASE")
                // Of an empty file.
                .containsEntry("parley sha256", "e3b0c44298fc1c14")
                .doesNotContainKey("checkout");
    }

    @Test
    void inACheckoutTheCommitIsKnownUnlessItIsYoungerThanTheBuild() throws IOException, InterruptedException {
        jars("parley-1.2.jar");
        git("init", "-q");
        git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first");
        Path jar = directory.resolve("lib/parley-1.2.jar");

        assertThat(jar.toFile().setLastModified(System.currentTimeMillis() + 10_000))
                .isTrue();
        assertThat(new Distribution(directory).versions()).containsKey("checkout");

        assertThat(jar.toFile().setLastModified(System.currentTimeMillis() - 60_000))
                .isTrue();
        assertThat(new Distribution(directory).versions()).doesNotContainKey("checkout");
    }

    private void git(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "git";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process git = new ProcessBuilder(command).directory(directory.toFile()).start();
        assertThat(git.waitFor()).isZero();
    }

    private void jars(String... names) throws IOException {
        Path lib = Files.createDirectory(directory.resolve("lib"));
        for (String name : names) {
            Files.createFile(lib.resolve(name));
        }
    }
}
