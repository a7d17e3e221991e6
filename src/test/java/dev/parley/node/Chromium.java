package dev.parley.node;

import static org.assertj.core.api.Assertions.fail;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The system's Chromium; nothing is downloaded. */
public record Chromium(Playwright playwright, Browser browser) implements AutoCloseable {

    private static final List<String> PLACES =
            List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

    /** Starts it. Where there is none, the test is skipped; under CI, where all tests are to run, it fails. */
    public static Chromium start() {
        Optional<Path> binary = Stream.of(PLACES)
                .flatMap(List::stream)
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        String missing = "Skipped: there is no Chromium in " + PLACES;
        if (binary.isEmpty() && "true".equals(System.getenv("CI"))) {
            return fail("%s, and CI=true wants every test to run", missing);
        }
        Assumptions.assumeTrue(binary.isPresent(), missing);
        Playwright playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        return new Chromium(
                playwright,
                playwright
                        .chromium()
                        .launch(new BrowserType.LaunchOptions()
                                .setExecutablePath(binary.orElseThrow())
                                .setArgs(List.of(
                                        "--no-sandbox",
                                        "--headless=new",
                                        "--disable-gpu",
                                        "--disable-background-networking",
                                        "--no-first-run"))));
    }

    @Override
    public void close() {
        playwright.close();
    }
}
