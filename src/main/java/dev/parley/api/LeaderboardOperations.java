package dev.parley.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Principal;
import dev.parley.error.ParleyException;
import dev.parley.leaderboard.Board;
import dev.parley.leaderboard.Figures;
import dev.parley.leaderboard.Leaderboard;
import dev.parley.leaderboard.Recorded;
import dev.parley.leaderboard.Standing;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** {@code leaderboard.record} and {@code leaderboard.top}: what agents have resolved, and who is first. */
final class LeaderboardOperations {

    private static final String TODAY = "today";
    private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
    private static final int DEFAULT_PLACES = 10;
    private static final int MOST_PLACES = 1_000;
    private static final double LONGEST_SECONDS = 30 * 24 * 60 * 60;

    private final Leaderboard leaderboard;

    public LeaderboardOperations(Leaderboard leaderboard) {
        this.leaderboard = leaderboard;
    }

    public List<Operation> operations() {
        return List.of(
                Operation.ofAgents(
                        "leaderboard.record", HttpMethod.POST, "/v1/agents/{name}/resolutions", this::record),
                Operation.ofAnybody("leaderboard.top", HttpMethod.GET, "/v1/leaderboards/{date}", this::top));
    }

    private Mono<Operation.Result> record(Principal who, RequestParameters params) {
        String agent = params.id("name");
        Duration took = Duration.ofMillis(Math.round(params.number("seconds", 0, LONGEST_SECONDS) * 1_000));
        boolean success = params.flag("success", true);
        String key = params.optionalId("idempotency_key");
        return leaderboard
                .record(who.tenant(), agent, took, success, key)
                .map(recorded -> Operation.Result.created(json(recorded(agent, recorded))));
    }

    private Mono<Operation.Result> top(Principal who, RequestParameters params) {
        LocalDate date = date(params.text("date"));
        int days = (int) params.integer("days", 1, Leaderboard.DAYS, 1);
        int places = (int) params.integer("limit", 1, MOST_PLACES, DEFAULT_PLACES);
        return leaderboard.top(who.tenant(), date, days, places).map(board -> Operation.Result.ok(json(board(board))));
    }

    /** Null for today, which only Redis' clock knows. */
    private static @Nullable LocalDate date(String text) {
        if (text.equals(TODAY)) {
            return null;
        }
        if (DATE.matcher(text).matches()) {
            try {
                return LocalDate.parse(text);
            } catch (DateTimeParseException e) {
                throw notADate();
            }
        }
        throw notADate();
    }

    private static ParleyException notADate() {
        return ParleyException.badRequest("date must be today or a day such as 2026-11-23");
    }

    private static ObjectNode recorded(String agent, Recorded recorded) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("agent", agent)
                .put("date", recorded.date().toString())
                .put("duplicate", recorded.duplicate())
                .put("resolutions", recorded.resolutions())
                .put("total", recorded.all());
    }

    private static ObjectNode board(Board board) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("from", board.from().toString())
                .put("to", board.to().toString())
                .put("source", board.archived() ? "archive" : "live");
        ArrayNode agents = json.putArray("agents");
        board.standings().forEach(standing -> agents.add(standing(standing)));
        return json;
    }

    private static ObjectNode standing(Standing standing) {
        Figures figures = standing.figures();
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("rank", standing.rank())
                .put("agent", figures.agent())
                .put("resolutions", figures.resolutions())
                .put("total", figures.all())
                .put("success_rate", Math.round(figures.successRate() * 1e4) / 1e4);
        return figures.resolutions() == 0
                ? json.putNull("average_seconds")
                : json.put("average_seconds", figures.averageMillis() / 1e3);
    }

    private static byte[] json(ObjectNode node) {
        return node.toString().getBytes(StandardCharsets.UTF_8);
    }
}
