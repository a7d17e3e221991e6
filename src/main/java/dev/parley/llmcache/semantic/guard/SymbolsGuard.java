package dev.parley.llmcache.semantic.guard;

import dev.parley.llmcache.text.HiddenText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Other emoji, flags or symbols, which an embedder takes for the same unknown word; or a joiner or an emoji's variation selector that only one
 * has, which it drops.
 */
final class SymbolsGuard implements Guard {

    private static final int ASCII = 0x80;

    @Override
    public String name() {
        return "symbols";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        return Guard.unlessSame(symbols(asked.text()), symbols(other.text()));
    }

    private static List<String> symbols(String text) {
        List<String> all = new ArrayList<>(HiddenText.joined(text));
        text.codePoints()
                .filter(SymbolsGuard::isSymbol)
                .mapToObj(Character::toString)
                .forEach(all::add);
        return all;
    }

    private static boolean isSymbol(int c) {
        int type = Character.getType(c);
        return c >= ASCII
                && (type == Character.OTHER_SYMBOL
                        || type == Character.MATH_SYMBOL
                        || (type == Character.MODIFIER_SYMBOL && c >= 0x1F3FB));
    }
}
