package dev.parley.node;

import dev.parley.llmcache.PatternPersonalData;
import dev.parley.llmcache.PersonalData;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The detectors of personal data: {@link PatternPersonalData}, and services on the class path, such as a jar in {@code extensions/}. If one
 * fails, the text counts as personal and is not cached. Thread-safe.
 */
final class PersonalDataDetectors implements PersonalData {

    private static final Logger LOG = LoggerFactory.getLogger(PersonalDataDetectors.class);

    private final List<PersonalData> all;

    private PersonalDataDetectors(List<PersonalData> all) {
        this.all = all;
    }

    /**
     * Throws a {@link java.util.ServiceConfigurationError} when a service can't be created.
     *
     * @param regions whose telephone numbers are recognised as they are written there; {@code none} alone for no region
     */
    static PersonalData of(ClassLoader loader, List<String> regions) {
        List<PersonalData> plugged = ServiceLoader.load(PersonalData.class, loader).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        plugged.forEach(detector ->
                LOG.info("{} also detects personal data", detector.getClass().getName()));
        PatternPersonalData written = new PatternPersonalData(regions.equals(List.of("none")) ? List.of() : regions);
        return new PersonalDataDetectors(
                Stream.concat(Stream.of(written), plugged.stream()).toList());
    }

    @Override
    public List<String> find(String text) {
        return all.stream().flatMap(detector -> found(detector, text).stream()).toList();
    }

    private static List<String> found(PersonalData detector, String text) {
        try {
            return detector.find(text);
        } catch (RuntimeException e) {
            LOG.warn(
                    "{} failed: the text that it was given is not cached",
                    detector.getClass().getName(),
                    e);
            return List.of(text);
        }
    }
}
