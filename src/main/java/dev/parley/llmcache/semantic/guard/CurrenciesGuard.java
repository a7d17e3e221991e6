package dev.parley.llmcache.semantic.guard;

import org.jspecify.annotations.Nullable;

/** Other currencies. */
final class CurrenciesGuard implements Guard {

    @Override
    public String name() {
        return "currencies";
    }

    @Override
    public @Nullable String objection(Question asked, Question other) {
        return Guard.unlessSame(Words.groups(asked, "currencies"), Words.groups(other, "currencies"));
    }
}
