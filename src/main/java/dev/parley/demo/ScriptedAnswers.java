package dev.parley.demo;

import dev.parley.demo.Turn.Say;
import dev.parley.demo.Turn.Use;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The agents' scripted answers, chosen by a word or two of the question. */
final class ScriptedAnswers {

    static final String TRIAGE = "triage";
    static final String BILLING = "billing_agent";
    static final List<String> AGENTS = List.of(TRIAGE, BILLING);

    private static final Pattern MONEY =
            words("bill", "billed", "billing", "invoices?", "refund(?:ed|s)?", "charged?", "payments?", "paid");
    private static final Pattern REFUND = words("refund(?:ed|s)?", "twice", "money back", "charged");
    private static final Pattern STORY = words("story", "tale", "poem", "joke", "tell me");
    private static final Pattern HOW = words(
            "how",
            "reload",
            "resume",
            "reconnect",
            "offline",
            "network",
            "streams?",
            "redis",
            "parley",
            "lose",
            "lost");
    private static final Pattern INVOICE = Pattern.compile("(?:\\bINV[- ]?|#)(\\d{1,9})\\b", Pattern.CASE_INSENSITIVE);

    private ScriptedAnswers() {}

    /** One turn, or two when the question is the other agent's. */
    static List<Turn> answer(String agent, String question) {
        boolean money = MONEY.matcher(question).find();
        if (agent.equals(TRIAGE)) {
            return money ? List.of(toBilling(question), billing(question)) : List.of(triage(question));
        }
        return money ? List.of(billing(question)) : List.of(toTriage(), triage(question));
    }

    private static Pattern words(String... alternatives) {
        return Pattern.compile("\\b(?:" + String.join("|", alternatives) + ")\\b", Pattern.CASE_INSENSITIVE);
    }

    private static Turn triage(String question) {
        if (STORY.matcher(question).find()) {
            return new Turn(TRIAGE, List.of(new Say(STORY_TEXT)));
        }
        if (HOW.matcher(question).find()) {
            return new Turn(
                    TRIAGE,
                    List.of(
                            new Use("search_docs", Map.of("query", shortened(question)), Map.of("pages", "3")),
                            new Say(HOW_TEXT)));
        }
        return new Turn(TRIAGE, List.of(new Say("You wrote “" + shortened(question) + "”. " + HELLO_TEXT)));
    }

    private static Turn toBilling(String question) {
        return new Turn(
                TRIAGE,
                List.of(new Say("I can see that this is about "
                        + (REFUND.matcher(question).find() ? "money that should go back to you" : "an invoice")
                        + ". My colleague in billing has the books and can look it up, so I am handing you over."
                        + " You need not say anything twice.")));
    }

    private static Turn toTriage() {
        return new Turn(
                BILLING,
                List.of(new Say(
                        "That is nothing to do with money, so my colleague at the front desk is better at it.")));
    }

    private static Turn billing(String question) {
        String invoice = invoice(question);
        Use lookUp = new Use(
                "lookup_invoice",
                Map.of("invoice", invoice),
                Map.of("amount", "49.00 EUR", "status", "paid", "payments", "2"));
        if (REFUND.matcher(question).find()) {
            return new Turn(
                    BILLING,
                    List.of(
                            new Say(
                                    "Hello, billing here. I have read what you wrote; one moment while I open the books.\n\n"),
                            lookUp,
                            new Say(REFUND_TEXT.formatted(invoice)),
                            new Use("issue_refund", Map.of("invoice", invoice), Map.of("reference", "RF-7731")),
                            new Say(REFUNDED_TEXT)));
        }
        return new Turn(
                BILLING,
                List.of(
                        new Say(
                                "Hello, billing here. I have read what you wrote; one moment while I open the books.\n\n"),
                        lookUp,
                        new Say(INVOICE_TEXT.formatted(invoice))));
    }

    private static String invoice(String question) {
        Matcher matcher = INVOICE.matcher(question);
        return "INV-" + (matcher.find() ? matcher.group(1) : "2041");
    }

    private static String shortened(String question) {
        String line = question.strip().replaceAll("\\s+", " ");
        return line.codePointCount(0, line.length()) <= 60
                ? line
                : line.substring(0, line.offsetByCodePoints(0, 60)) + "…";
    }

    private static final String HELLO_TEXT = """
            I am a script, not a model, but what carries my words to you is the real thing: each of them went through a Redis \
            stream and a gateway before it came here.

            There are three things worth trying:

            1. Reload this page while I write. The answer is here again from its first word, and goes on.
            2. Ask about an invoice, say “I was charged twice on INV-2041”. I hand you over to a colleague, who uses a tool.
            3. Press Stop. I hear of it wherever I run, and stop in the middle of a sentence.

            You can also open this address in a second window. Both show the same words at the same moment, whichever of \
            them you write in, and a third one that comes late sees all of it at once. Ask me how that works, or ask me for a \
            story if you would rather have something longer to interrupt.""";

    private static final String HOW_TEXT = """
            In short: nothing that I say is only on its way. Every few words are appended to this conversation's log in Redis, \
            and each entry there has a position.

            Your browser remembers the last position that it has seen. When the connection breaks, it comes back and names it; \
            the gateway checks that this very entry is still in the log and sends what follows. If it is not there any more, \
            you are told that there is a gap and get the whole state instead. Nothing goes missing without a word.

            A reload is the simpler case. The page knows nothing, so it gets a snapshot first: what has been said, and the \
            answer in progress as far as it goes, in one message. What comes after it follows live.

            None of this is the agent's work. I add events to a stream and know nothing of sockets. Cut your network for a \
            minute if you like: I shall have gone on talking in the meantime, and you will have missed nothing.""";

    private static final String STORY_TEXT = """
            On a small island there was a lighthouse with two keepers, and they had not spoken for years. It was not for want \
            of trying. One had the lamp and the other had the foghorn, and whenever one of them said something the wind took \
            half of the words away.

            So they began to write. Each word went on a slate, each slate got a number, and the slates hung in a row along the \
            stairs. Who came back from a storm looked up the number of the last slate they had read, and went on from there. \
            If that slate had fallen into the sea, they did not guess. They rang the bell and asked for the whole story so far.

            In the second winter a ship ran in under the light, and its captain asked how two people so far apart could tell \
            the same story in the same order. The keepers looked at each other. “We never trust the wind,” said one of them. \
            “We only trust the slates,” said the other.

            It was the first thing they had said to each other in years, and of course half of it was lost.""";

    private static final String INVOICE_TEXT = """
            Here is %1$s: 49.00 EUR for one month of the team plan, with five seats and the usual discount. It was issued on \
            the first of the month and paid four days later by the card that you have on file.

            Two things that people often ask next:

            • The amount is for the month to come. Seats that you add in between stand on the next invoice, counted by the day.
            • A copy goes to everybody who has the billing role, as a PDF, on the morning after.

            If you want the invoice in another name, or with an order number of yours on it, tell me what it should say. I can \
            write %1$s anew until the end of the quarter, and its number stays the same. Is there anything else that I should \
            look up while I have the books open?""";

    private static final String REFUND_TEXT = """
            You are right, and I am sorry for the trouble. %1$s is for 49.00 EUR, and there are two payments for it: one on \
            the fourth in the morning, and the same amount again eleven minutes later. The second one has no order behind it. \
            It looks as if the first answer from the bank got lost and somebody was told to try again.

            I am sending the second payment back now.""";

    private static final String REFUNDED_TEXT = """


            Done. 49.00 EUR are on their way back to your card; the reference is RF-7731. Banks take two to five working days \
            for this, and the amount may show up as a correction of the old payment, not as a new one.

            The invoice itself stays paid, so nothing changes for your team, and nobody has to do anything. I have also made a \
            note in your account: should the same happen again, whoever is here will see it at once. Is there anything else \
            that I can do for you?""";
}
