package dev.parley.app;

import dev.parley.llmcache.PersonalData;
import dev.parley.llmcache.WrittenData;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What finds personal data: {@link WrittenData}, and whatever stands on the class path as a service, such as a jar in {@code extensions/}.
 * One that fails has found everything: what it was to look at is not cached. Thread-safe.
 */
final class Detectors implements PersonalData {

    private static final Logger LOG = LoggerFactory.getLogger(Detectors.class);

    private final List<PersonalData> all;

    private Detectors(List<PersonalData> all) {
        this.all = all;
    }

    /** Throws a {@link java.util.ServiceConfigurationError} when one can't be made. */
    static PersonalData of(ClassLoader loader) {
        List<PersonalData> plugged = ServiceLoader.load(PersonalData.class, loader).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        plugged.forEach(detector -> LOG.info(
                "Personal data is looked for by {}, too", detector.getClass().getName()));
        return new Detectors(
                Stream.concat(Stream.of(new WrittenData()), plugged.stream()).toList());
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
                    "{} failed: what it was to look at is not cached",
                    detector.getClass().getName(),
                    e);
            return List.of(text);
        }
    }
}
