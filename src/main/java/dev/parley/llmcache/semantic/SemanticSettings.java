package dev.parley.llmcache.semantic;

import dev.parley.llmcache.semantic.embedding.EmbedderSettings;
import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code parley.cache.semantic}: when an answer may be given to the same question in other words. */
public interface SemanticSettings extends EmbedderSettings {

    @Doc("minimum cosine of two questions that have one answer; a caller may ask for more")
    @WithDefault("0.95")
    @Bounds(least = "0.5", most = "1")
    double threshold();

    @Doc(
            value = "minimum cosine per category instead of `threshold`, each `category=cosine`, such as `faq=0.97`",
            bounds = "list of `category=cosine`")
    Optional<List<String>> thresholds();

    @Doc("share of a category's answers to other words that may be reported as wrong before its threshold goes up")
    @WithDefault("0.01")
    @Bounds(least = "0", most = "1")
    double errorBound();

    @Doc(
            value = "categories in which an answer to other words is served",
            bounds = "list of `default`, `faq`, `classification`, `extraction`, `embedding`, `live`, `none`")
    @WithDefault("faq")
    List<String> categories();

    @Doc("maximum time of a look-up, embedding included")
    @WithDefault("500ms")
    @Bounds(least = "1ms", most = "1m")
    Duration patience();
}
