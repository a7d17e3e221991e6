package dev.parley.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.report.Line.Point;
import dev.parley.bench.result.Result;
import dev.parley.bench.result.Round;
import dev.parley.bench.result.Sample;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScalingChartTest {

    private static final String CPU = "gateway_cpu_us_per_delivery";

    @Test
    void aFieldHasThePointsOfPhasesThatDifferInOneNumber() {
        ScalingChart chart = chart(
                Sample.of("scale/conversations-1000", "parley", CPU, 26, 28),
                Sample.of("scale/conversations-100", "parley", CPU, 30),
                Sample.of("scale/conversations-100", "raw", CPU, 10),
                Sample.of("scale/elsewhere", "parley", CPU, 5));
        assertThat(chart.rows()).hasSize(1);
        assertThat(chart.rows().get(0).fields())
                .containsExactly(new ScalingChart.Field(
                        "conversations", List.of(new Point(100, 30), new Point(1_000, 27)), true));
    }

    @Test
    void theDrawingIsAFileOfItsOwn() throws Exception {
        String svg = chart(
                        Sample.of("scale/nodes-1", "parley", CPU, 24.4),
                        Sample.of("scale/nodes-2", "parley", CPU, 56.6))
                .svg();
        assertThat(Xml.parse(svg).getDocumentElement().getAttribute("width")).isEqualTo("720");
        assertThat(svg)
                .contains("Gateway CPU, µs per delivery", ">nodes<", ">24.4<", ">56.6<", "prefers-color-scheme: dark")
                .doesNotContain("with problems");
    }

    @Test
    void aPhaseThatDoesNotCountIsMarked() {
        Round invalid = new Round();
        invalid.put(CPU, 12);
        invalid.problem("the client was the bottleneck");
        String svg = chart(
                        Sample.of("scale/nodes-1", "parley", CPU, 24.4),
                        Sample.of("scale/nodes-2", "parley", List.of(invalid)))
                .svg();
        assertThat(svg).contains(">nodes *<", "with problems");
    }

    @Test
    void onePointIsNoGrowth() {
        assertThatThrownBy(() -> chart(Sample.of("scale/nodes-1", "parley", CPU, 24.4)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static ScalingChart chart(Result... results) {
        return ScalingChart.of(List.of(new Source("results", Sample.results(results))));
    }
}
