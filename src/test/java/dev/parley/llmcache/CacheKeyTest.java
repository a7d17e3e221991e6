package dev.parley.llmcache;

import static dev.parley.llmcache.CacheTesting.object;
import static dev.parley.llmcache.CacheTesting.question;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Keys;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.erdtman.jcs.JsonCanonicalizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys of the seed's, held against what Python has written down; and the gateway's own. */
final class CacheKeyTest {

    private static final String PLAIN = "{'model':'m','messages':[{'role':'user','content':'hi'}]}";

    static Stream<JsonNode> vectors() {
        return StreamSupport.stream(CacheTesting.vectors().spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void theSeedsKeyIsPythons(JsonNode vector) {
        Question question = new Question(
                "seed",
                null,
                (com.fasterxml.jackson.databind.node.ObjectNode)
                        CacheTesting.tree(vector.path("request").asText()),
                Category.FAQ,
                Set.of());
        assertThat(CacheKey.textOf(question, "seed"))
                .isEqualTo(vector.path("text").asText());
        CacheKey key = CacheKey.of(question, "seed");
        assertThat(key.seed()).isTrue();
        assertThat(Keys.DEFAULT.cachedBySeed(key.hash()))
                .isEqualTo(vector.path("key").asText());
    }

    @Test
    void onlyTheSeedsTenantAndPlainQuestionsHaveTheSeedsKey() {
        assertThat(CacheKey.of(question("seed", PLAIN), "seed").seed()).isTrue();
        assertThat(CacheKey.of(question("other", PLAIN), "seed").seed()).isFalse();
        assertThat(CacheKey.of(question("seed", PLAIN), null).seed()).isFalse();
        assertThat(CacheKey.of(CacheTesting.in("n", question("seed", PLAIN)), "seed")
                        .seed())
                .isFalse();
        assertThat(CacheKey.of(question("seed", PLAIN.replace("}]}", "}],'temperature':0}")), "seed")
                        .seed())
                .isFalse();
    }

    /** Each of these is another question than the plain one. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'temperature':0",
                "'top_p':0.5",
                "'max_tokens':5",
                "'seed':7",
                "'stop':['x']",
                "'response_format':{'type':'json_object'}",
                "'tool_choice':'auto'",
                "'tools':[{'type':'function','function':{'name':'f'}}]",
                "'anything':9007199254740993"
            })
    void whateverIsAskedIsInTheKey(String more) {
        Question plain = question("t", PLAIN);
        Question other = question("t", PLAIN.replace("}]}", "}]," + more + "}"));
        assertThat(CacheKey.of(other, null)).isNotEqualTo(CacheKey.of(plain, null));
    }

    @Test
    void tenantAndNamespaceAreInTheKey() {
        Question plain = question("t", PLAIN);
        assertThat(List.of(plain, question("u", PLAIN), CacheTesting.in("n", plain), CacheTesting.in("t", plain)))
                .extracting(question -> CacheKey.of(question, null).hash())
                .doesNotHaveDuplicates();
    }

    @Test
    void whatMeansTheSameHasTheSameKey() {
        String tools = "'tools':[{'function':{'name':'b'}},{'function':{'name':'a'}}]";
        Question one = question("t", PLAIN.replace("}]}", "}],'temperature':0.10," + tools + "}"));
        Question other = question(
                "t",
                "{'stream':true,'stream_options':{'include_usage':true},'user':null,'temperature':1e-1,"
                        + "'tools':[{'function':{'name':'a'}},{'function':{'name':'b'}}],"
                        + "'messages':[{'content':'hi','role':'user'}],'model':'m'}");
        assertThat(CacheKey.of(one, null)).isEqualTo(CacheKey.of(other, null));
    }

    @Test
    void numbersThatADoubleCanNotTellApartAreTwo() {
        assertThat(Stream.of("9007199254740992", "9007199254740993", "0.1", "0.1000000000000000055", "1e400", "1e401")
                        .map(number -> CanonicalJson.FORM.write(object("{'n':" + number + "}"))))
                .doesNotHaveDuplicates();
    }

    @Test
    void theGatewaysFormIsRfc8785() throws IOException {
        for (JsonNode vector : CacheTesting.vectors()) {
            String request = vector.path("request").asText();
            if (!request.contains("1e400")) {
                assertThat(CanonicalJson.FORM.write(CacheTesting.tree(request)))
                        .isEqualTo(new JsonCanonicalizer(request).getEncodedString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{'model':''}", "{'model':7}", "{'model':null}", "{'model':'a\\nb'}"})
    void aQuestionNamesItsModel(String request) {
        assertThatThrownBy(() -> question("t", request))
                .isInstanceOf(ParleyException.class)
                .hasMessageContaining("model");
    }
}
