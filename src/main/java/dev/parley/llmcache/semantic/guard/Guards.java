package dev.parley.llmcache.semantic.guard;

import java.util.ArrayList;
import java.util.List;

/** Guards in the order in which they are asked. They speak of what must be the same, so it does not matter which question was asked first. */
public final class Guards {

    /** Those that look at what is known to be easily confused. */
    public static final Guards WITHOUT_WORDS = new Guards(List.of(
            new LanguageGuard(),
            new QuotesGuard(),
            new NumbersGuard(),
            new CurrenciesGuard(),
            new UnitsGuard(),
            new DatesGuard(),
            new EntitiesGuard(),
            new NegationGuard(),
            new OppositesGuard(),
            new PersonsGuard(),
            new OrderGuard(),
            new SymbolsGuard()));

    /** And one more: both must speak of the same things. */
    public static final Guards ALL = WITHOUT_WORDS.and(new WordsGuard());

    private final List<Guard> guards;

    private Guards(List<Guard> guards) {
        this.guards = List.copyOf(guards);
    }

    private Guards and(Guard more) {
        List<Guard> all = new ArrayList<>(guards);
        all.add(more);
        return new Guards(all);
    }

    /** The verdicts up to the first objection. */
    public List<Verdict> untilOneObjects(Question asked, Question other) {
        List<Verdict> verdicts = new ArrayList<>(guards.size());
        for (Guard guard : guards) {
            Verdict verdict = verdict(guard, asked, other);
            verdicts.add(verdict);
            if (!verdict.passes()) {
                break;
            }
        }
        return verdicts;
    }

    /** The verdict of every guard. */
    public List<Verdict> all(Question asked, Question other) {
        return guards.stream().map(guard -> verdict(guard, asked, other)).toList();
    }

    private static Verdict verdict(Guard guard, Question asked, Question other) {
        String objection = guard.objection(asked, other);
        return objection == null ? Verdict.passes(guard.name()) : Verdict.objects(guard.name(), objection);
    }
}
