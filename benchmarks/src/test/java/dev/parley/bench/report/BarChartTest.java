package dev.parley.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.result.Result;
import dev.parley.bench.result.Sample;
import java.util.List;
import org.junit.jupiter.api.Test;

class BarChartTest {

    private static final String PLACE = "tokens/max";
    private static final String MORE = "deliveries_per_gateway_cpu_s";

    @Test
    void theBestSystemIsOnTop() {
        assertThat(names(MORE, bar("naive", MORE, 1), bar("parley", MORE, 2), bar("raw", MORE, 3)))
                .containsExactly("raw", "parley", "naive");
        assertThat(names("gateway_rss_mib", bar("naive", "gateway_rss_mib", 1), bar("raw", "gateway_rss_mib", 3)))
                .containsExactly("naive", "raw");
    }

    @Test
    void theDrawingIsAFileOfItsOwnWithTheGatewayAccented() throws Exception {
        String svg =
                chart(MORE, bar("<b>", MORE, 1), bar("parley", MORE, 12_345)).svg();
        assertThat(Xml.parse(svg).getDocumentElement().getAttribute("width")).isEqualTo("720");
        assertThat(svg)
                .contains("Deliveries per gateway CPU-second", "tokens/max · more is better")
                .contains("<g class=\"own\">", ">12,345<", "&lt;b&gt;", "prefers-color-scheme: dark");
    }

    @Test
    void aSystemWithoutTheFigureIsLeftOut() {
        assertThat(names(MORE, bar("parley", MORE, 1), bar("raw", "lost", 3))).containsExactly("parley");
    }

    @Test
    void aFigureOrPhaseThatIsNotThereIsSaidWithThoseThatAre() {
        assertThatThrownBy(() -> chart("nothing", bar("parley", MORE, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'nothing'")
                .hasMessageContaining(MORE);
        assertThatThrownBy(() -> BarChart.of(List.of(), PLACE, MORE)).isInstanceOf(IllegalArgumentException.class);
    }

    private static List<String> names(String figure, Result... results) {
        return chart(figure, results).bars().stream().map(BarChart.Bar::name).toList();
    }

    private static BarChart chart(String figure, Result... results) {
        return BarChart.of(List.of(new Source("results", Sample.results(results))), PLACE, figure);
    }

    private static Result bar(String system, String figure, double value) {
        return Sample.of(PLACE, system, figure, value);
    }
}
