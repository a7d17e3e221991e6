package dev.parley.bench.llm;

/**
 * The questions of one run, by number. Each has a word of its own, and so has its answer: a wrong answer is seen by it. Every run has
 * words and a model of its own, so that nothing of an earlier one answers them.
 *
 * @param run 0 to 65535
 * @param bytes of an answer's text; the least is that of its first words
 */
public record Questions(int run, int bytes) {

    private static final String FIRST = "zq";
    private static final int LENGTH = FIRST.length() + 12;
    private static final int LEAST_TOKENS = 50;
    private static final int MOST_TOKENS = 450;

    /** What a token costs, in millionths of whatever it is paid in. */
    private static final int MICROS = 2;

    private static final int PROMPT_TOKENS = 20;

    /** Letters alone: digits might be taken for a telephone number. */
    public String word(int number) {
        StringBuilder word = new StringBuilder(FIRST);
        letters(word, run, 4);
        letters(word, number, 8);
        return word.toString();
    }

    private static void letters(StringBuilder word, int value, int digits) {
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            word.append((char) ('a' + (value >>> shift & 15)));
        }
    }

    /** The first word of a question in a request; empty when there is none. */
    static String wordIn(String request) {
        int at = request.indexOf(FIRST);
        return at < 0 || at + LENGTH > request.length() ? "" : request.substring(at, at + LENGTH);
    }

    /** What is sent to the model. */
    public String request(int number) {
        return request("What does the word " + word(number) + " mean?");
    }

    /** The same with a text of one's own. */
    public String request(String text) {
        return "{\"model\":\"bench-%04x\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}".formatted(run, text);
    }

    /** What the model answers. */
    public String answer(int number) {
        return answer(word(number), bytes);
    }

    static String answer(String word, int bytes) {
        String text = sentence(word);
        int tokens = tokens(word);
        return "{\"id\":\"chatcmpl-" + word
                + "\",\"object\":\"chat.completion\",\"created\":1795420154,\"model\":\"bench\","
                + "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\""
                + text + "x".repeat(Math.max(0, bytes - text.length()))
                + "\"}}],\"usage\":{\"prompt_tokens\":" + PROMPT_TOKENS + ",\"completion_tokens\":" + tokens
                + ",\"total_tokens\":" + (PROMPT_TOKENS + tokens) + "}}";
    }

    private static String sentence(String word) {
        return "Nobody knows what " + word + " means: ";
    }

    /** Whether this is the answer to that question, or has it in it. */
    public boolean answers(int number, String body) {
        return body.contains(sentence(word(number)));
    }

    /** Some answers are long, some are short. */
    private static int tokens(String word) {
        return LEAST_TOKENS + Math.floorMod(word.hashCode() * 0x9E3779B9, MOST_TOKENS);
    }

    /** What an answer costs, in millionths. */
    public long micros(int number) {
        return (long) MICROS * (PROMPT_TOKENS + tokens(word(number)));
    }
}
