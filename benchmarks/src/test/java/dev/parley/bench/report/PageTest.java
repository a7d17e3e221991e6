package dev.parley.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.result.Result;
import dev.parley.bench.result.Round;
import dev.parley.bench.result.Sample;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PageTest {

    @Test
    void textsAreEscapedWhereverTheyStand() {
        Round round = round(1);
        round.problem("<script>alert('lost')</script>");
        String html = page(Sample.of("to<kens/ma\"x", "na<ive&", List.of(round)));
        assertThat(html)
                .doesNotContain("<script", "na<ive", "to<kens", "ma\"x")
                .contains("&lt;script&gt;alert(&#39;lost&#39;)", "na&lt;ive&amp;", "id=\"to&lt;kens/ma&quot;x\"");
    }

    @Test
    void thePageNeedsNothingButItself() {
        assertThat(page(Sample.of("tokens/max", "parley", List.of(round(1)))))
                .doesNotContain("http:", "https:", "src=", "<link", "url(", "@import");
    }

    @Test
    void machineAndCommandAndTimeStandOnTop() {
        assertThat(page(Sample.of("tokens/max", "parley", List.of(round(1)))))
                .contains("a CPU, 2 cores, 2 GiB memory · an OS · Java 17")
                .contains("bench run tokens")
                .contains("2026-11-23 09:34:56 UTC");
    }

    @Test
    void aPhaseHasItsSettingsAndFiguresAndCharts() {
        assertThat(page(Sample.of("tokens/max", "parley", List.of(round(1), round(3)))))
                .contains("<section id=\"tokens/max\">", "href=\"#tokens/max\"")
                .contains("medians of 2 rounds")
                .contains("rate <b>500</b>", "redis <b>7.0.15</b>")
                .contains("<b>2</b><small>1 … 3</small>")
                .contains("Latency by percentile, ms", "Deliveries per second", "Latency over time, ms")
                .contains("CPU cores", "Memory, MiB");
    }

    @Test
    void systemsStandSideBySideWithTheirRatioToTheGateway() {
        assertThat(page(
                        Sample.of("tokens/max", "raw", List.of(round(4))),
                        Sample.of("tokens/max", "parley", List.of(round(2)))))
                .containsSubsequence("</i>parley</th>", "</i>raw</th>")
                .contains("<span class=\"ratio worse\" title=\"worse\">×2.00</span><b>4</b>")
                .contains("Gateway CPU cores");
    }

    @Test
    void theSameSystemInTwoFilesIsToldApartByTheFile() {
        Result result = Sample.of("tokens/max", "parley", List.of(round(1)));
        assertThat(new Page(List.of(
                                new Source("before", Sample.results(result)),
                                new Source("after", Sample.results(result))))
                        .html())
                .contains("parley · before", "parley · after");
    }

    @Test
    void aProblemIsShownOnTopAndInItsPhase() {
        Round round = round(1);
        round.problem("nothing came");
        assertThat(page(Sample.of("tokens/max", "parley", List.of(round))))
                .contains("1 of 1 phases have problems", "parley does not count", "<li>nothing came</li>");
    }

    @Test
    void aPhaseWithoutSeriesOrPercentilesHasNoCharts() {
        assertThat(page(Sample.of("start/start", "parley", "ready_s", 1.5)))
                .contains("<section id=\"start/start\">", "ready, s")
                .doesNotContain("<svg");
    }

    @Test
    void phasesThatDifferInANumberAreDrawnOverIt() {
        assertThat(page(
                        Sample.of("scale/nodes-1", "parley", "latency_p99_ms", 3),
                        Sample.of("scale/nodes-4", "parley", "latency_p99_ms", 5)))
                .contains("<section id=\"scale/nodes\">", "aria-label=\"Latency p99, ms\"", "parley: 5 at nodes 4");
    }

    @Test
    void oneNumberAloneIsNotDrawn() {
        assertThat(page(Sample.of("scale/nodes-1", "parley", "latency_p99_ms", 3)))
                .doesNotContain("<section id=\"scale/nodes\">");
    }

    @Test
    void everyTagIsClosed() throws Exception {
        String html = page(Sample.of("tokens/max", "parley", List.of(round(1), round(2))));
        String xml = html.replace("<!doctype html>", "").replaceAll("<meta([^>]*)>", "<meta$1/>");
        assertThat(Xml.parse(xml).getElementsByTagName("svg").getLength()).isEqualTo(5);
    }

    private static Round round(double latency) {
        Round round = new Round();
        round.put("latency_p99_ms", latency);
        round.percentiles().putAll(Map.of("50", 1.0, "99", 2.0, "100", 9.0));
        for (int i = 0; i < 3; i++) {
            round.series()
                    .add(new Round.Sample(
                            i,
                            Map.of(
                                    "deliveries_per_s", 10.0,
                                    "latency_p50_ms", 1.0,
                                    "latency_p99_ms", 2.0,
                                    "gateway_cores", 0.5,
                                    "gateway_rss_mib", 100.0)));
        }
        return round;
    }

    private static String page(Result... results) {
        return new Page(List.of(new Source("results", Sample.results(results)))).html();
    }
}
