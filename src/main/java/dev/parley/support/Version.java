package dev.parley.support;

import org.jspecify.annotations.Nullable;

/** This build's version, from the jar's manifest. */
public final class Version {

    private Version() {}

    /** The version; {@code development} where the classes come from no jar. */
    public static String text() {
        @Nullable String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
