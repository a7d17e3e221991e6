package dev.parley.cli;

import dev.parley.auth.AuthMode;
import dev.parley.config.GatewayConfig;
import dev.parley.config.LogFormat;
import dev.parley.node.Node;
import dev.parley.redis.RedisUri;
import dev.parley.support.Version;
import java.io.PrintWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs the addresses and the main settings of a started node. */
record StartupBanner(GatewayConfig config) {

    private static final Logger LOG = LoggerFactory.getLogger(StartupBanner.class);

    /** @param err where the last line goes, which is for a person, unless logs are for machines */
    void say(Node gateway, PrintWriter err) {
        LOG.info("Parley {} is up as {}", Version.text(), config.node());
        LOG.info("  sockets     ws://{}/v1/ws", gateway.httpAddress());
        LOG.info("  management  http://{}/health/ready, /metrics", gateway.managementAddress());
        LOG.info(
                "  redis       {}{}",
                RedisUri.hidePassword(gateway.redisUri()),
                config.redis().embedded() ? " (embedded, in memory, gone with this process)" : "");
        config.postgres().url().ifPresent(url -> LOG.info("  record      {}", url.value()));
        if (config.postgres().embedded()) {
            LOG.info("  record      an embedded PostgreSQL, gone with this process");
        }
        if (config.auth().mode() == AuthMode.NONE) {
            LOG.info(
                    "  auth        off: every client that reaches {} may do everything (parley.auth.mode)",
                    config.http().host());
        }
        if (!config.ingest().channels()) {
            LOG.info("  channels    off: agent:events:* is not subscribed to (parley.ingest.channels)");
        }
        config.redis()
                .keyPrefix()
                .ifPresent(prefix -> LOG.info(
                        "  key prefix  {}: agents publish on {}agent:events:<type> and read {}agent:inbox:<agent>",
                        prefix,
                        prefix,
                        prefix));
        LOG.info(
                "  streams     {}",
                config.ingest().streams().map(Object::toString).orElse("none (parley.ingest.streams)"));
        if (config.console().enabled()) {
            String open = "Open http://" + gateway.httpAddress() + "/chat/";
            if (config.logFormat() == LogFormat.TEXT) {
                err.println(open);
            } else {
                LOG.info(open);
            }
        }
    }
}
