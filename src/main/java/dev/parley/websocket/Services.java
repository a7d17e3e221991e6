package dev.parley.websocket;

import dev.parley.auth.Authenticator;
import dev.parley.hub.Hub;
import dev.parley.log.ConversationLog;
import dev.parley.log.Publisher;
import dev.parley.session.Inbound;

/** What sockets call. */
public record Services(
        Authenticator authenticator, Hub hub, ConversationLog log, Publisher publisher, Inbound inbound) {}
