package dev.parley.llmcache.semantic.guard;

/**
 * A word, number or sign of a question.
 *
 * @param text as it is written
 * @param lower in small letters, apostrophes straight
 * @param first of a sentence
 */
record Token(String text, String lower, boolean first) {

    boolean isNumber() {
        return Character.isDigit(lower.codePointAt(0));
    }

    /** Letters and digits: a model, a code, a version. */
    boolean isCode() {
        return lower.codePoints().anyMatch(Character::isDigit)
                && lower.codePoints().anyMatch(Character::isLetter);
    }
}
