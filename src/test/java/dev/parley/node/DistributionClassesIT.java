package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.ClassPathScan;
import dev.parley.support.ClassPathScan.Found;
import dev.parley.support.ClassPathScan.Missing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The jars in {@code lib/} of the distribution have every class, method and field that Parley reaches, but for those of dependencies that
 * are known to be optional. With {@code lib/demo/} they have what the demo reaches, too. No jar is idle. A test that runs code shows only
 * what it runs: https was the first code to need QUIC's classes.
 */
final class DistributionClassesIT {

    /**
     * A dependency that the distribution does without.
     *
     * @param missing prefixes of the names that may be missing
     * @param from prefixes of the names of the classes that may refer to them
     * @param reason why these classes never run without it
     */
    private record Optional(List<String> missing, List<String> from, String reason) {

        boolean covers(Missing each) {
            return startsWith(each.to(), missing) && startsWith(each.from(), from);
        }

        private static boolean startsWith(String name, List<String> any) {
            return any.stream().anyMatch(name::startsWith);
        }
    }

    private static Optional optional(List<String> missing, List<String> from, String reason) {
        return new Optional(missing, from, reason);
    }

    private static final List<Optional> OPTIONAL = List.of(
            optional(
                    List.of("io.netty.handler.codec.http3."),
                    List.of(
                            "reactor.netty.http.Http3SslContextSpec",
                            "reactor.netty.http.client.Http3",
                            "reactor.netty.http.server.Http3",
                            "reactor.netty.http.server.logging.AccessLogArgProviderH3",
                            "reactor.netty.http.server.logging.AccessLogHandlerH3"),
                    "HTTP/3, which is neither served nor asked for; without natives, QUIC's own classes say that it is not available"),
            optional(
                    List.of("io.netty.channel.uring."),
                    List.of("reactor.netty.resources.DefaultLoopIOUring", "io.lettuce.core.resource.IOUringProvider"),
                    "io_uring; both libraries look for it and fall back to epoll"),
            optional(
                    List.of("io.netty.channel.kqueue."),
                    List.of("reactor.netty.resources.DefaultLoopKQueue", "io.lettuce.core.resource.KqueueProvider"),
                    "kqueue of macOS; both libraries look for it and fall back to NIO"),
            optional(
                    List.of("io.netty.handler.codec.haproxy."),
                    List.of(
                            "reactor.netty.http.server.HAProxyMessage",
                            "reactor.netty.http.server.HttpServerConfig$HttpServerChannelInitializer"),
                    "the PROXY protocol, which the server is not set to read"),
            optional(
                    List.of("io.netty.internal.tcnative."),
                    List.of(
                            "io.netty.handler.ssl.OpenSsl",
                            "io.netty.handler.ssl.ReferenceCountedOpenSsl",
                            "io.netty.handler.ssl.DefaultOpenSslKeyMaterial",
                            "io.netty.handler.ssl.JdkDelegatingPrivateKeyMethod"),
                    "OpenSSL; Netty looks for it and uses the JDK's TLS"),
            optional(
                    List.of("org.conscrypt."),
                    List.of("io.netty.handler.ssl.ConscryptAlpnSslEngine"),
                    "a TLS provider, for engines of its own making alone"),
            optional(
                    List.of("org.bouncycastle."),
                    List.of("io.netty.handler.ssl.BouncyCastlePemReader"),
                    "encrypted PKCS#1 keys; Netty looks for it and refuses such a key"),
            optional(
                    List.of("org.bouncycastle."),
                    List.of(
                            "com.nimbusds.jose.jwk.ECKey",
                            "com.nimbusds.jose.jwk.PEMEncodedKeyParser",
                            "com.nimbusds.jose.util.X509CertChainUtils"),
                    "keys as PEM and certificates; Parley's come as JWK"),
            optional(
                    List.of("com.aayushatharva.brotli4j."),
                    List.of(
                            "io.netty.handler.codec.compression.Brotli",
                            "io.netty.handler.codec.compression.StandardCompressionOptions",
                            "io.netty.handler.codec.http.HttpContentCompressor"),
                    "Brotli; Netty looks for it"),
            optional(
                    List.of("com.github.luben.zstd."),
                    List.of("io.netty.handler.codec.compression.Zstd"),
                    "Zstandard; Netty looks for it"),
            optional(
                    List.of("com.jcraft.jzlib."),
                    List.of("io.netty.handler.codec.compression.JZlib", "io.netty.handler.codec.compression.ZlibUtil"),
                    "zlib in Java; Netty uses the JDK's"),
            optional(
                    List.of("org.apache.log4j.", "org.apache.logging.log4j.", "org.jboss.logmanager."),
                    List.of("io.netty.util.internal.logging.Log4J", "org.jboss.logging."),
                    "other logs; both libraries look for them and use SLF4J"),
            optional(
                    List.of("org.codehaus."),
                    List.of("ch.qos.logback.core.joran.conditional.PropertyEvalScriptBuilder"),
                    "conditions in a logback.xml; logback tells what it lacks"),
            optional(
                    List.of("org.LatencyUtils."),
                    List.of("io.lettuce.core.metrics.DefaultCommandLatencyCollector"),
                    "Lettuce's own latencies; it looks for it and collects none"),
            optional(
                    List.of("org.LatencyUtils."),
                    List.of("io.micrometer.core.instrument.AbstractTimer"),
                    "a detector of pauses, for a registry that is given one"),
            optional(
                    List.of("io.prometheus.metrics.tracer.initializer."),
                    List.of("io.prometheus.metrics.core.exemplars.ExemplarSampler"),
                    "exemplars, for a registry that is given a source of spans"),
            optional(
                    List.of("io.micrometer.context."),
                    List.of(
                            "reactor.core.publisher.ContextPropagation",
                            "reactor.core.publisher.FluxContextWriteRestoringThreadLocals",
                            "reactor.core.publisher.MonoContextWriteRestoringThreadLocals",
                            "reactor.core.publisher.FluxTapRestoringThreadLocals",
                            "reactor.core.publisher.MonoTapRestoringThreadLocals"),
                    "thread locals in pipelines; Reactor looks for it"),
            optional(
                    List.of("org.locationtech.jts."),
                    List.of("io.r2dbc.postgresql.codec.PostgisGeometryCodec"),
                    "PostGIS; the driver looks for it"),
            optional(
                    List.of("jakarta.enterprise.util."),
                    List.of("org.eclipse.microprofile.config.inject.ConfigProperties$Literal"),
                    "injection, of which there is none"),
            optional(
                    List.of("org.jetbrains.annotations."),
                    List.of("io.netty.util.concurrent."),
                    "an annotation's own classes, which a JVM does not load"),
            optional(
                    List.of("dev.langchain4j.", "ai.onnxruntime."),
                    List.of("dev.parley.llmcache.semantic.embedding.MiniLmModel"),
                    "the embedder in this process, whose jars come in extensions/"),
            optional(
                    List.of("io.zonky.test."),
                    List.of("dev.parley.postgres.EmbeddedPostgres"),
                    "the demo's PostgreSQL, in lib/demo"));

    private static final Optional OPTIONAL_IN_THE_DEMO = optional(
            List.of("com.sun.jna.", "waffle."),
            List.of("org.postgresql.sspi."),
            "logins of Windows; the JDBC driver looks for them");

    /** Which a JVM does without: a class file keeps names of annotations, and whoever asks for one finds none. */
    private static final List<String> ANNOTATIONS =
            List.of("error_prone_annotations-", "jspecify-", "smallrye-common-annotation-");

    /** For {@code serve} and all other commands but {@code demo}. */
    private static List<Path> jars() throws IOException {
        return jars("lib");
    }

    private static List<Path> jars(String directory) throws IOException {
        try (Stream<Path> files = Files.list(Distribution.HOME.resolve(directory))) {
            return files.filter(file -> file.toString().endsWith(".jar")).toList();
        }
    }

    private static List<Path> demoJars() throws IOException {
        return Stream.of(jars(), jars("lib/demo")).flatMap(List::stream).toList();
    }

    private static Found scan(List<Path> jars) throws IOException {
        return new ClassPathScan(jars).scan(name -> name.startsWith("dev.parley."));
    }

    private static boolean isUnexplained(Missing each) {
        return OPTIONAL.stream().noneMatch(it -> it.covers(each));
    }

    @Test
    void nothingIsMissingButWhatOptionalDependenciesBring() throws IOException {
        SortedSet<Missing> missing = scan(jars()).missing();
        assertThat(missing).filteredOn(DistributionClassesIT::isUnexplained).isEmpty();
        assertThat(OPTIONAL)
                .as("each is still needed")
                .allMatch(it -> missing.stream().anyMatch(it::covers));
    }

    /** HTTP clients ask QUIC's classes whether QUIC is there before their first TLS connection. */
    @Test
    void theClassesOfQuicWouldBeMissed() throws IOException {
        List<Path> less = jars().stream()
                .filter(jar -> !jar.getFileName().toString().startsWith("netty-codec-classes-quic-"))
                .toList();
        assertThat(scan(less).missing())
                .filteredOn(DistributionClassesIT::isUnexplained)
                .contains(new Missing("reactor.netty.http.internal.Http3", "io.netty.handler.codec.quic.Quic"));
    }

    /** With {@code lib/demo}, as the launcher puts it on the class path of the demo. */
    @Test
    void nothingElseIsMissingInTheDemo() throws IOException {
        SortedSet<Missing> missing = scan(demoJars()).missing();
        assertThat(missing)
                .filteredOn(DistributionClassesIT::isUnexplained)
                .allMatch(OPTIONAL_IN_THE_DEMO::covers)
                .isNotEmpty();
        assertThat(missing).noneMatch(it -> it.to().startsWith("io.zonky."));
    }

    @Test
    void everyJarIsOfUse() throws IOException {
        assertThat(scan(jars()).idle()).allMatch(jar -> ANNOTATIONS.stream().anyMatch(jar::startsWith));
        assertThat(scan(demoJars()).idle())
                .filteredOn(jar -> ANNOTATIONS.stream().noneMatch(jar::startsWith))
                .as("only binaries are taken out of it")
                .singleElement()
                .asString()
                .startsWith("embedded-redis-");
    }
}
