package dev.parley.support;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MemoryBudgetTest {

    private final MemoryBudget budget = new MemoryBudget(10);

    @Test
    void nothingIsTakenWhereThereIsNotAllOfIt() {
        assertThat(budget.take(7)).isTrue();
        assertThat(budget.take(4)).isFalse();
        assertThat(budget.taken()).isEqualTo(7);
        assertThat(budget.refused()).isEqualTo(1);
        assertThat(budget.take(3)).isTrue();
        assertThat(budget.force(1)).isFalse();
        assertThat(budget.taken()).isEqualTo(11);
    }

    @Test
    void aShareIsGivenBackByTheLastOfItsOwners() {
        MemoryBudget.Share share = budget.share();
        assertThat(share.take(6)).isTrue();
        assertThat(share.take(6)).isFalse();
        share.addOwner();
        share.close();
        assertThat(budget.taken()).isEqualTo(6);
        share.close();
        assertThat(budget.taken()).isZero();
        assertThat(share.take(1)).as("nobody would give it back").isFalse();
        assertThat(budget.taken()).isZero();
    }
}
