package dev.parley.bench.subject;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SystemsTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"parley", "raw", "naive"})
    void whatNeedsTheDistributionSaysHowItIsBuilt(String system) {
        assertThatThrownBy(() -> check(system, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("mvn -DskipTests package");
    }

    @Test
    void aGatewayThatIsThereNeedsNone() {
        assertThatCode(() -> check("parley", URI.create("http://127.0.0.1:1"))).doesNotThrowAnyException();
    }

    @Test
    void nchanIsThereWhenItsModuleIs() throws IOException {
        Path configuration = directory.resolve("nchan/nginx.conf");
        Files.createDirectories(configuration.getParent());
        Files.writeString(configuration, "# a comment\nload_module " + directory + "/nchan.so;\n");
        assertThatThrownBy(() -> check("nchan", null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nchan")
                .hasMessageContaining(directory.resolve("install").toString())
                .hasMessageContaining("--with");
    }

    @ParameterizedTest
    @ValueSource(strings = {"socketio", "socketio-streams"})
    void socketIoIsThereWhenItsModulesAre(String system) {
        assertThatThrownBy(() -> check(system, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(system)
                .hasMessageContaining(directory.resolve("install").toString())
                .hasMessageContaining("--with");
    }

    private void check(String system, @Nullable URI gateway) {
        Launch launch = new Launch(
                gateway, null, null, directory.resolve("parley"), directory, List.of(), "", directory.resolve("run"));
        Systems.check(system, launch);
    }
}
