package dev.parley.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeliveriesTest {

    @Test
    void allThatWasSentHasCome() {
        assertThat(problems(new Deliveries(9, 9, 0, 0, 0, 0, 0, 0), Via.STREAM)).isEmpty();
    }

    @Test
    void aGapIsAFailureThoughItsSnapshotHasAllEvents() {
        Deliveries gap = new Deliveries(9, 9, 0, 0, 0, 1, 0, 0);
        assertThat(problems(gap, Via.STREAM)).singleElement().asString().contains("gap");
        assertThat(problems(gap, Via.HTTP)).hasSize(1);
        assertThat(problems(gap, Via.PUBSUB)).isEmpty();
    }

    @Test
    void aSocketThatHasEndedIsAProblemThoughNobodySaidSo() {
        assertThat(problems(new Deliveries(9, 9, 0, 0, 0, 0, 0, 2), Via.PUBSUB))
                .containsExactly("2 sockets were closed");
    }

    @Test
    void whatIsLostIsAFailureWhereItWasDurable() {
        Deliveries lost = new Deliveries(9, 8, 1, 0, 0, 0, 0, 0);
        assertThat(problems(lost, Via.STREAM)).hasSize(1);
        assertThat(problems(lost, Via.PUBSUB)).isEmpty();
    }

    private static List<String> problems(Deliveries deliveries, Via via) {
        Round round = new Round();
        deliveries.report(round, via);
        return round.problems();
    }
}
