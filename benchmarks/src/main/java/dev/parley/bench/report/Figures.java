package dev.parley.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What figures are called in front of people, and which of them matter most. */
final class Figures {

    /** The ends of names, the longer ones first. */
    private static final Map<String, String> UNITS = new LinkedHashMap<>();

    static {
        UNITS.put("_per_gateway_cpu_s", " per gateway CPU-second");
        UNITS.put("_cpu_us_per_", " CPU, µs per ");
        UNITS.put("_cpu_ms_per_", " CPU, ms per ");
        UNITS.put("_rss_per_socket_kib", " memory per socket, KiB");
        UNITS.put("_rss_before_mib", " memory before, MiB");
        UNITS.put("_rss_mib", " memory, MiB");
        UNITS.put("_per_s", " per second");
        UNITS.put("_percent", ", %");
        UNITS.put("_cores", ", CPU cores");
        UNITS.put("_cpu_s", " CPU, s");
        UNITS.put("_kib", ", KiB");
        UNITS.put("_mib", ", MiB");
        UNITS.put("_us", ", µs");
        UNITS.put("_ms", ", ms");
        UNITS.put("_s", ", s");
    }

    /** What a phase is told by in one line, in short words. */
    private static final Map<String, String> HEADLINE = new LinkedHashMap<>();

    static {
        HEADLINE.put("deliveries_per_s", "deliveries/s");
        HEADLINE.put("deliveries_per_gateway_cpu_s", "per gateway CPU-second");
        HEADLINE.put("calls_per_s", "calls/s");
        HEADLINE.put("append_p50_ms", "ms p50 to append");
        HEADLINE.put("append_p99_ms", "ms p99");
        HEADLINE.put("get_p99_ms", "ms p99 to get");
        HEADLINE.put("append_short_p50_ms", "ms p50 to append to a short session");
        HEADLINE.put("append_long_p50_ms", "to a long one");
        HEADLINE.put("session_redis_bytes", "bytes of Redis for a session");
        HEADLINE.put("overhead_p50_ms", "ms p50 more than without a gateway");
        HEADLINE.put("hit_percent", "% from the cache");
        HEADLINE.put("money_saved", "of money saved");
        HEADLINE.put("latency_p50_ms", "ms p50");
        HEADLINE.put("latency_p99_ms", "ms p99");
        HEADLINE.put("delivered_percent", "% delivered");
        HEADLINE.put("replay_p50_ms", "ms p50 to catch up");
        HEADLINE.put("replay_p99_ms", "ms p99");
        HEADLINE.put("gateway_rss_per_socket_kib", "KiB per socket");
        HEADLINE.put("ready_s", "s to ready");
        HEADLINE.put("gateway_rss_mib", "MiB");
    }

    private static final int HEADLINE_LENGTH = 4;

    private Figures() {}

    /** {@code gateway_rss_mib} is "gateway memory, MiB". */
    static String label(String figure) {
        for (Map.Entry<String, String> unit : UNITS.entrySet()) {
            boolean inside = unit.getKey().endsWith("_per_");
            if (inside ? figure.contains(unit.getKey()) : figure.endsWith(unit.getKey())) {
                return figure.replace(unit.getKey(), unit.getValue()).replace('_', ' ');
            }
        }
        return figure.replace('_', ' ');
    }

    /** The label as it begins a line. */
    static String title(String figure) {
        String label = label(figure);
        return Character.toUpperCase(label.charAt(0)) + label.substring(1);
    }

    /** Whether it explains other figures rather than being one to look at first. */
    static boolean isDetail(String figure) {
        return figure.startsWith("client_")
                || figure.startsWith("redis_")
                || figure.startsWith("gc_pauses")
                || figure.startsWith("gc_pause_sum")
                || figure.endsWith("_user_s")
                || figure.endsWith("_system_s")
                || figure.endsWith("_threads")
                || figure.contains("_switches_")
                || figure.equals("sent")
                || figure.equals("delivered");
    }

    /** The few figures that tell most, with what to call them. */
    static Map<String, String> headline(Set<String> figures) {
        Map<String, String> headline = new LinkedHashMap<>();
        HEADLINE.forEach((figure, text) -> {
            if (figures.contains(figure) && headline.size() < HEADLINE_LENGTH) {
                headline.put(figure, text);
            }
        });
        return headline;
    }
}
