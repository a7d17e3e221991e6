package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RedisBinaryTest {

    /** As JVMs name systems and processors. */
    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-amd64",
        "Linux, x86_64, linux-amd64",
        "Linux, aarch64, linux-arm64",
        "Linux, i386, linux-386",
        "Mac OS X, x86_64, darwin-amd64",
        "Mac OS X, aarch64, darwin-arm64"
    })
    void theJarHasTheBinary(String os, String arch, String suffix) {
        String resource = RedisBinary.resource(os, arch);
        assertThat(resource).endsWith("-" + suffix);
        assertThat(RedisBinary.class.getResource(resource)).isNotNull();
    }

    @ParameterizedTest
    @CsvSource({"Linux, riscv64", "Windows 11, amd64"})
    void theJarHasNone(String os, String arch) {
        assertThat(RedisBinary.class.getResource(RedisBinary.resource(os, arch)))
                .isNull();
    }
}
