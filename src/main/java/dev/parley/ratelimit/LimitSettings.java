package dev.parley.ratelimit;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** {@code parley.limits.<name>}: how often something may be done. */
public interface LimitSettings {

    /** Present whenever the limit is. */
    @Doc("number of events allowed per period, see [Limits](#limits); required for each limit")
    @Bounds(least = "1", most = "1000000000")
    Optional<Integer> events();

    @Doc("period that `events` counts for")
    @WithDefault("1m")
    @Bounds(least = "1s", most = "30d")
    Duration period();

    @Doc(value = "maximum number of events in a burst", unset = "as `events`")
    @Bounds(least = "1", most = "1000000000")
    Optional<Integer> burst();

    @Doc("who shares the limit")
    @WithDefault("subject")
    LimitScope per();
}
