package dev.parley.bench.llm;

/** What has become of a question. */
public enum Outcome {
    /** From the cache: the same question. */
    EXACT,
    /** From the cache: the same in other words. */
    SEMANTIC,
    /** Somebody else has just asked for the same. */
    JOINED,
    /** The cache has no answer; where somebody could be asked, the model has answered. */
    MISSED,
    /** An answer was put into the cache. */
    STORED,
    /** The model was asked without a gateway. */
    DIRECT,
    /** The answer to another question. */
    WRONG,
    /** An error, or something that can't be understood. */
    REFUSED;

    boolean isAnswer() {
        return this != WRONG && this != REFUSED;
    }

    /** What the gateway's proxy says of its answer. */
    public static Outcome ofProxy(Answered answer) {
        if (answer.status() != 200) {
            return REFUSED;
        }
        return switch (answer.mark()) {
            case "hit-exact" -> EXACT;
            case "hit-semantic" -> SEMANTIC;
            case "joined" -> JOINED;
            case "miss; reason=absent" -> MISSED;
            default -> REFUSED;
        };
    }

    /** What a look-up says. */
    public static Outcome ofLookup(Answered answer) {
        if (answer.status() != 200) {
            return REFUSED;
        }
        String body = answer.body();
        if (body.contains("\"hit\":false")) {
            return MISSED;
        }
        return body.contains("\"kind\":\"exact\"")
                ? EXACT
                : body.contains("\"kind\":\"semantic\"")
                        ? SEMANTIC
                        : body.contains("\"kind\":\"joined\"") ? JOINED : REFUSED;
    }

    /** Itself, if this is the answer to that question, or no answer has come. */
    public Outcome checked(Questions questions, int number, Answered answer) {
        return isAnswer() && this != MISSED && !questions.answers(number, answer.body()) ? WRONG : this;
    }
}
