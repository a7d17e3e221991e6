package dev.parley.node;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import dev.parley.demo.DemoAgent;
import dev.parley.redis.EmbeddedRedis;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The chat page in a real browser, with the demo's agents behind it and a network in between that can be cut. */
final class ChatPageIT {

    private static final double PATIENCE_MS = 30_000;
    private static final Duration FAST = Duration.ofMillis(10);
    private static final Duration SLOW = Duration.ofMillis(120);
    private static final String BEGINNING = "You wrote “Hello”. I am a script";
    private static final String END = "if you would rather have something longer to interrupt.";

    private static @Nullable Chromium chromium;

    private EmbeddedRedis redis = EmbeddedRedis.start();
    private final TestNode node = TestNode.start("redis.uri", redis.uri(), "console.enabled", "true");
    private final Relay network = Relay.to(node.http("/"));
    private final List<String> complaints = new ArrayList<>();
    private @Nullable DemoAgent agent;
    private @Nullable BrowserContext context;

    @BeforeAll
    static void startBrowser() {
        chromium = Chromium.start();
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MS);
    }

    @AfterAll
    static void stopBrowser() {
        if (chromium != null) {
            chromium.close();
        }
    }

    @BeforeEach
    void openContext() {
        context = Objects.requireNonNull(chromium).browser().newContext();
        context.setDefaultTimeout(PATIENCE_MS);
        context.onConsoleMessage(message -> {
            if (List.of("error", "warning").contains(message.type())) {
                complaints.add(message.text());
            }
        });
        context.onWebError(error -> complaints.add(error.error()));
    }

    @AfterEach
    void close() {
        if (context != null) {
            context.close();
        }
        if (agent != null) {
            agent.dispose();
        }
        network.close();
        node.close();
        redis.stop();
        assertThat(complaints)
                .as("errors and warnings in the browser's console")
                .isEmpty();
    }

    @Test
    void anAnswerGrowsUnderItsQuestion() {
        agent(SLOW);
        Page page = open("/chat/");
        assertThat(page.locator("#empty")).isVisible();
        assertThat(page.locator("#stop")).isHidden();
        ask(page, "Hello");
        assertThat(page.locator(".message[data-role=user][data-state=sent] .text"))
                .hasText("Hello");
        assertThat(answer(page)).hasAttribute("data-state", "streaming");
        String early = awaitText(page, text -> text.length() > 20);
        String later = awaitText(page, text -> text.length() > early.length() + 40);
        assertThat(later).startsWith(early);
        assertThat(page.locator("#empty")).isHidden();
        assertThat(answer(page).locator(".agent")).hasText("triage");
    }

    @Test
    void aReloadInTheMiddleShowsAllOfItAndGoesOn() {
        agent(SLOW);
        Page page = open("/chat/");
        ask(page, "Hello");
        String before = awaitText(page, text -> text.length() > 80);
        page.reload();
        String after = awaitText(page, text -> !text.isEmpty());
        assertThat(after).startsWith(before);
        assertThat(answer(page)).hasAttribute("data-state", "streaming");
        assertThat(awaitText(page, text -> text.length() > after.length())).startsWith(after);
        assertThat(page.locator(".message")).hasCount(2);
        assertThat(answer(page)).hasAttribute("data-state", "done");
        assertThat(text(page)).startsWith(BEGINNING).endsWith(END);
    }

    @Test
    void aReloadAfterTheEndStillShowsItInEveryWindow() {
        agent(FAST);
        Page page = open("/chat/");
        ask(page, "Hello");
        assertThat(answer(page)).hasAttribute("data-state", "done");
        String whole = text(page);
        String id = Objects.requireNonNull(answer(page).getAttribute("data-message-id"));
        assertThat(whole).startsWith(BEGINNING).endsWith(END);
        page.reload();
        assertThat(answer(page)).hasAttribute("data-message-id", id);
        assertThat(text(page)).isEqualTo(whole);
        Page other = open(page.url().substring(page.url().indexOf("/chat/")));
        assertThat(answer(other)).hasAttribute("data-state", "done");
        assertThat(text(other)).isEqualTo(whole);
    }

    @Test
    void aQuestionOfMoneyIsHandedOverInSight() {
        agent(FAST);
        Page page = open("/chat/");
        ask(page, "I was charged twice on INV-77");
        assertThat(page.locator(".handoff")).hasText("triage → billing_agent");
        Locator answers = page.locator(".message[data-role=assistant][data-state=done]");
        assertThat(answers).hasCount(2);
        assertThat(answers.locator(".agent")).hasText(new String[] {"triage", "billing_agent"});
        assertThat(answers.last().locator(".tool[data-state=finished]")).hasCount(2);
        assertThat(answers.last().locator(".tool").first()).containsText("lookup_invoice");
        assertThat(answers.last().locator(".text")).containsText("INV-77 is for 49.00 EUR");
        page.reload();
        assertThat(page.locator(".handoff")).hasText("triage → billing_agent");
        assertThat(answers).hasCount(2);
    }

    @Test
    void stopEndsTheAnswerWhereItIs() {
        agent(SLOW);
        Page page = open("/chat/");
        ask(page, "Hello");
        awaitText(page, text -> text.length() > 40);
        page.locator("#stop").click();
        assertThat(answer(page)).hasAttribute("data-state", "failed");
        assertThat(answer(page).locator(".note")).hasText("Stopped");
        assertThat(page.locator("#stop")).isHidden();
        String stopped = text(page);
        assertThat(stopped).startsWith("You wrote").doesNotEndWith(END);
        ask(page, "Hello");
        awaitText(page, text -> text.length() > 20);
        page.locator("#stop").click();
        assertThat(page.locator(".message[data-state=failed]")).hasCount(2);
        assertThat(page.locator(".message[data-role=assistant] .text").first()).hasText(stopped);
    }

    @Test
    void aCutNetworkIsShownAndCostsNoWord() {
        agent(SLOW);
        Page page = open("/chat/");
        ask(page, "Hello");
        String before = awaitText(page, text -> text.length() > 40);
        network.cut();
        assertThat(connection(page)).hasAttribute("data-state", "reconnecting");
        assertThat(connection(page)).hasText("Reconnecting…");
        network.mend();
        assertThat(connection(page)).hasAttribute("data-state", "connected");
        assertThat(awaitText(page, text -> text.length() > before.length())).startsWith(before);
        assertThat(answer(page)).hasAttribute("data-state", "done");
        assertThat(text(page)).startsWith(BEGINNING).endsWith(END);
        assertThat(page.locator(".message")).hasCount(2);
        // The browser itself says that a WebSocket could not be opened.
        complaints.removeIf(complaint -> complaint.contains("WebSocket connection to"));
    }

    @Test
    void aRedisThatIsAwayIsShown() {
        Page page = open("/chat/");
        redis.kill();
        assertThat(connection(page)).hasAttribute("data-state", "degraded");
        redis = EmbeddedRedis.start(redis.port(), List.of());
        assertThat(connection(page)).hasAttribute("data-state", "connected");
    }

    @Test
    void whatIsSaidWhileRedisIsAwayIsShownOnceEvenWhenThePageMovesToAnotherNode() {
        Relay toRedis = Relay.to(URI.create(redis.uri()));
        try (TestNode away =
                TestNode.start("redis.uri", "redis://127.0.0.1:" + toRedis.port(), "console.enabled", "true")) {
            network.lead(away.http("/"));
            Page page = open("/chat/");
            assertThat(page.locator("#empty")).isVisible();
            String conversation = page.url().substring(page.url().indexOf("c=") + 2);
            Locator said = page.locator(".message[data-role=user]");
            toRedis.cut();
            assertThat(connection(page)).hasAttribute("data-state", "degraded");
            ask(page, "One");
            assertThat(said).hasAttribute("data-state", "queued");
            assertThat(said.locator(".note")).hasText("Kept until Redis is back");
            toRedis.mend();
            assertThat(said).hasAttribute("data-state", "sent");
            assertThat(connection(page)).hasAttribute("data-state", "connected");

            toRedis.cut();
            assertThat(connection(page)).hasAttribute("data-state", "degraded");
            ask(page, "Two");
            assertThat(said.last()).hasAttribute("data-state", "queued");
            assertThat(TestHttp.postJson(
                                    away.http("/v1/conversations/" + conversation + "/events"),
                                    "{'event':'agent.response.streaming','payload':{'agent':'a','run':'r','chunk':'Once. '}}")
                            .status())
                    .isEqualTo(202);
            awaitText(page, "Once. "::equals);
            network.lead(node.http("/"));
            network.cut();
            network.mend();
            assertThat(connection(page)).hasAttribute("data-state", "connected");
            assertThat(said.last()).hasAttribute("data-state", "queued");
            toRedis.mend();
            assertThat(said.last()).hasAttribute("data-state", "sent");
            assertThat(TestHttp.postJson(
                                    node.http("/v1/conversations/" + conversation + "/events"),
                                    "{'event':'agent.response.streaming','payload':{'agent':'a','run':'r','chunk':'End.'}}")
                            .status())
                    .isEqualTo(201);
            awaitText(page, text -> text.endsWith("End."));
            assertThat(text(page)).isEqualTo("Once. End.");
            assertThat(said.locator(".text")).hasText(new String[] {"One", "Two"});
        } finally {
            toRedis.close();
        }
        complaints.removeIf(complaint -> complaint.contains("WebSocket connection to"));
    }

    @Test
    void whatAgentsPutIntoTheSessionIsShownButForPromptsAndToolsResults() {
        Page page = open("/chat/");
        String conversation = page.url().replaceAll(".*[=/#]", "");
        session("", "{'conversation':'" + conversation + "'}");
        String messages = "/" + conversation + "/messages";
        session(messages, "{'role':'system','content':'Be kind.'}");
        session(messages, "{'role':'user','content':[{'type':'text','text':'Where is it?'},{'type':'image_url'}]}");
        session(messages, "{'tool_calls':[{'id':'t-1'}],'agent':'triage'}");
        session(messages, "{'role':'tool','tool_call_id':'t-1','content':'on its way'}");
        session(messages, "{'content':'It comes today.','agent':'triage'}");
        String[] shown = {"Where is it?", "It comes today."};
        assertThat(page.locator(".message .text")).hasText(shown);
        page.reload();
        assertThat(page.locator(".message .text")).hasText(shown);
    }

    private void session(String path, String json) {
        assertThat(TestHttp.postJson(node.http("/v1/sessions" + path), json).status())
                .isEqualTo(201);
    }

    @Test
    void whatPeopleWriteIsTextAndNothingElse() {
        agent(FAST);
        Page page = open("/chat/");
        String hostile = "<img src=x onerror=\"document.title='owned'\"><b>bold</b> &amp;";
        ask(page, hostile);
        assertThat(page.locator(".message[data-role=user] .text")).hasText(hostile);
        assertThat(answer(page)).hasAttribute("data-state", "done");
        assertThat(text(page)).contains("<img src=x");
        assertThat(page.locator("#messages img, #messages b")).hasCount(0);
        assertThat(page).hasTitle("Parley chat");
    }

    private void agent(Duration pace) {
        agent = new DemoAgent(redis.uri(), "", pace, pace);
        agent.open();
    }

    private Page open(String path) {
        Page page = Objects.requireNonNull(context).newPage();
        page.navigate(network.http(path).toString());
        assertThat(connection(page)).hasAttribute("data-state", "connected");
        return page;
    }

    private static void ask(Page page, String question) {
        page.locator("#input").fill(question);
        page.locator("#send").click();
    }

    private static Locator connection(Page page) {
        return page.locator("#connection");
    }

    /** The newest one. */
    private static Locator answer(Page page) {
        return page.locator(".message[data-role=assistant]").last();
    }

    private static String text(Page page) {
        return String.join(
                "",
                page.locator(".message[data-role=assistant]")
                        .last()
                        .locator(".text")
                        .allTextContents());
    }

    @CanIgnoreReturnValue
    private static String awaitText(Page page, Predicate<String> enough) {
        long deadline = System.nanoTime() + (long) (PATIENCE_MS * 1e6);
        String text = text(page);
        while (!enough.test(text)) {
            assertThat(System.nanoTime()).as("waiting for more than: %s", text).isLessThan(deadline);
            page.waitForTimeout(20);
            text = text(page);
        }
        return text;
    }
}
