package dev.parley.llmcache.semantic.guard;

/**
 * What a guard says of two questions.
 *
 * @param guard its name
 * @param reason why it objects, or empty
 */
public record Verdict(String guard, boolean passes, String reason) {

    static Verdict passes(String guard) {
        return new Verdict(guard, true, "");
    }

    static Verdict objects(String guard, String reason) {
        return new Verdict(guard, false, reason);
    }
}
