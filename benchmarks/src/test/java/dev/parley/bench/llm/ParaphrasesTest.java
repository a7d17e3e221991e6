package dev.parley.bench.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ParaphrasesTest {

    @Test
    void noTextIsThereTwice() {
        Paraphrases all = new Paraphrases(Paraphrases.MOST);
        Set<String> texts = new HashSet<>();
        for (int i = 0; i < Paraphrases.MOST; i++) {
            texts.add(all.stored(i));
        }
        for (int n = 0; n < all.wordings(); n++) {
            texts.add(all.wording(n));
        }
        assertThat(texts).hasSize(Paraphrases.MOST + all.wordings());
    }

    @Test
    void aWordingAsksItsQuestion() {
        Paraphrases some = new Paraphrases(60);
        assertThat(some.question(61)).isEqualTo(1);
        assertThat(some.stored(1)).isEqualTo("How do I change my address?");
        assertThat(some.wording(61)).isEqualTo("how to change my address");
    }

    @Test
    void moreQuestionsThanThereAreAreRefused() {
        assertThatThrownBy(() -> new Paraphrases(Paraphrases.MOST + 1)).hasMessageContaining("1 to 500");
    }
}
