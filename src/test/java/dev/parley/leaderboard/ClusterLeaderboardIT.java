package dev.parley.leaderboard;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestCluster;

/** Leaderboards on a cluster of three masters. */
class ClusterLeaderboardIT extends OnRedis implements LeaderboardContract {

    ClusterLeaderboardIT() {
        super(TestCluster.start());
    }
}
