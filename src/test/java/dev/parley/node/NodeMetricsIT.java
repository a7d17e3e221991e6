package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Await;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

/** Meters refer weakly to what they measure. */
final class NodeMetricsIT {

    @Test
    void noMeterIsLostWhenGarbageIsCollected() {
        try (TestNode node = TestNode.start()) {
            WeakReference<Object> garbage = new WeakReference<>(new Object());
            Await.until("garbage is collected", () -> {
                System.gc();
                return garbage.get() == null;
            });
            assertThat(TestHttp.get(node.management("/metrics")).body().lines())
                    .isNotEmpty()
                    .noneMatch(line -> line.endsWith(" NaN"));
        }
    }
}
