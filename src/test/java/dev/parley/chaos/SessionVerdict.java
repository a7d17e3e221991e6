package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What agents were told, compared with what PostgreSQL has.
 *
 * @param acknowledged messages, of all sessions
 * @param missing acknowledged and not there under that number
 * @param holes numbers below a session's last one that are not there
 * @param repeated messages that are there under more than one number
 * @param unknown messages that nobody was told of
 * @param miscounted sessions whose counts are not those of their messages
 */
record SessionVerdict(
        int sessions,
        long acknowledged,
        long recorded,
        long missing,
        long holes,
        long repeated,
        long unknown,
        long miscounted) {

    private record Counts(long messages, long turns, long tokens, long archived) {}

    /** @param told by session, the numbers that its messages were acknowledged under, in their order */
    static SessionVerdict of(String postgres, Map<String, List<Integer>> told) {
        try (Connection connection = DriverManager.getConnection("jdbc:" + postgres + "?user=postgres");
                Statement statement = connection.createStatement()) {
            Map<String, Map<Integer, String>> texts = new HashMap<>();
            try (ResultSet rows =
                    statement.executeQuery("SELECT conversation_id, seq, content::text AS content FROM messages")) {
                while (rows.next()) {
                    texts.computeIfAbsent(rows.getString("conversation_id"), id -> new HashMap<>())
                            .put(rows.getInt("seq"), rows.getString("content"));
                }
            }
            Map<String, List<Counts>> counts = new HashMap<>();
            try (ResultSet rows = statement.executeQuery("SELECT * FROM conversations")) {
                while (rows.next()) {
                    counts.computeIfAbsent(rows.getString("conversation_id"), id -> new ArrayList<>())
                            .add(new Counts(
                                    rows.getLong("message_count"),
                                    rows.getLong("turn_count"),
                                    rows.getLong("token_count"),
                                    rows.getLong("archived_seq")));
                }
            }
            return of(told, texts, counts);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static SessionVerdict of(
            Map<String, List<Integer>> told,
            Map<String, Map<Integer, String>> texts,
            Map<String, List<Counts>> counts) {
        long acknowledged = 0;
        long missing = 0;
        long holes = 0;
        long repeated = 0;
        long unknown = 0;
        long miscounted = 0;
        for (Map.Entry<String, List<Integer>> session : told.entrySet()) {
            List<Integer> seqs = session.getValue();
            Map<Integer, String> there = texts.getOrDefault(session.getKey(), Map.of());
            acknowledged += seqs.size();
            for (int i = 0; i < seqs.size(); i++) {
                if (!quoted(i + 1).equals(there.get(seqs.get(i)))) {
                    missing++;
                }
            }
            int newest = there.keySet().stream().mapToInt(seq -> seq).max().orElse(0);
            holes += newest - there.size();
            Set<String> distinct = new HashSet<>(there.values());
            repeated += there.size() - distinct.size();
            for (int i = 1; i <= seqs.size(); i++) {
                distinct.remove(quoted(i));
            }
            unknown += distinct.size();
            long n = seqs.size();
            if (!counts.getOrDefault(session.getKey(), List.of()).equals(List.of(new Counts(n, n, 3 * n, n)))) {
                miscounted++;
            }
        }
        long recorded = texts.values().stream().mapToLong(Map::size).sum();
        return new SessionVerdict(told.size(), acknowledged, recorded, missing, holes, repeated, unknown, miscounted);
    }

    private static String quoted(int number) {
        return "\"" + SessionAgent.text(number) + "\"";
    }

    void assertRecordIsWhole() {
        assertThat(acknowledged).as("acknowledged").isPositive();
        assertThat(this).isEqualTo(new SessionVerdict(sessions, acknowledged, acknowledged, 0, 0, 0, 0, 0));
    }

    @Override
    public String toString() {
        return "%s sessions, %s messages acknowledged | PostgreSQL has %s: missing %s, holes %s, repeated %s, unknown %s, sessions miscounted %s"
                .formatted(sessions, acknowledged, recorded, missing, holes, repeated, unknown, miscounted);
    }
}
