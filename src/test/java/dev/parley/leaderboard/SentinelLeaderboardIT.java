package dev.parley.leaderboard;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestSentinels;

/** The leaderboard on a master that sentinels name. */
class SentinelLeaderboardIT extends OnRedis implements LeaderboardContract {

    SentinelLeaderboardIT() {
        super(TestSentinels.start());
    }
}
