package dev.parley.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.resource.EpollProvider;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Lettuce's settings. A command that can't be sent now fails immediately; nothing waits in an unbounded queue. */
final class LettuceOptions {

    private LettuceOptions() {}

    static ClientOptions client(RedisSettings settings) {
        return common(ClientOptions.builder(), settings).build();
    }

    /**
     * Options for connections whose owner replaces them when they are lost. They use RESP2, where a Pub/Sub message costs less work: it is
     * a reply like any other.
     */
    static ClientOptions waiting(RedisSettings settings) {
        return common(ClientOptions.builder(), settings)
                .autoReconnect(false)
                .protocolVersion(ProtocolVersion.RESP2)
                .build();
    }

    static ClusterClientOptions cluster(RedisSettings settings) {
        return ClusterClientOptions.builder(client(settings))
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(Duration.ofSeconds(10))
                        .adaptiveRefreshTriggersTimeout(Duration.ofMillis(500))
                        .refreshTriggersReconnectAttempts(1)
                        .build())
                .build();
    }

    private static ClientOptions.Builder common(ClientOptions.Builder builder, RedisSettings settings) {
        return builder.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .requestQueueSize(settings.requestQueue())
                .maintNotificationsConfig(MaintNotificationsConfig.disabled())
                .socketOptions(socket(settings))
                .timeoutOptions(TimeoutOptions.builder()
                        .timeoutSource(new Timeouts(settings))
                        .build());
    }

    private static SocketOptions socket(RedisSettings settings) {
        SocketOptions.Builder builder = SocketOptions.builder()
                .connectTimeout(settings.connectTimeout())
                .tcpNoDelay(true);
        if (EpollProvider.isAvailable()) {
            builder.tcpUserTimeout(SocketOptions.TcpUserTimeoutOptions.builder()
                    .enable()
                    .tcpUserTimeout(settings.probeTimeout())
                    .build());
        }
        return builder.keepAlive(SocketOptions.KeepAliveOptions.builder()
                        .enable()
                        .idle(Duration.ofSeconds(5))
                        .interval(Duration.ofSeconds(2))
                        .count(3)
                        .build())
                .build();
    }

    /** XREAD is the only blocking command of Parley, on connections of its own. */
    private static final class Timeouts extends TimeoutOptions.TimeoutSource {
        private final long command;
        private final long blocking;

        Timeouts(RedisSettings settings) {
            command = settings.commandTimeout().toMillis();
            blocking = command + RedisSettings.LONGEST_BLOCK.toMillis();
        }

        @Override
        public long getTimeout(RedisCommand<?, ?, ?> command) {
            return command.getType() == CommandType.XREAD ? blocking : this.command;
        }

        @Override
        public TimeUnit getTimeUnit() {
            return TimeUnit.MILLISECONDS;
        }
    }
}
