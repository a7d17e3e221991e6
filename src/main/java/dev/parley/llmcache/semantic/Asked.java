package dev.parley.llmcache.semantic;

import dev.parley.support.Sha256;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** A question and its name in an index: the hash of its text, in which blanks are all the same. */
record Asked(String text, String id) {

    private static final Pattern BLANKS = Pattern.compile("[\\s\\p{Z}]+");
    private static final int ID_BYTES = 16;

    static Asked of(String question) {
        String text = BLANKS.matcher(Normalizer.normalize(question, Normalizer.Form.NFC))
                .replaceAll(" ")
                .strip();
        byte[] digest = Sha256.begin().digest(text.getBytes(StandardCharsets.UTF_8));
        return new Asked(text, HexFormat.of().formatHex(digest, 0, ID_BYTES));
    }
}
