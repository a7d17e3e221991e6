package dev.parley.websocket;

import dev.parley.auth.Authenticator;
import dev.parley.auth.Witness;
import dev.parley.http.Addresses;
import dev.parley.hub.Hub;
import dev.parley.log.ConversationLog;
import dev.parley.log.Publisher;
import dev.parley.ratelimit.Turnstiles;
import dev.parley.session.Inbound;
import dev.parley.session.Sessions;

/** What sockets call. */
public record Services(
        Authenticator authenticator,
        Hub hub,
        ConversationLog log,
        Publisher publisher,
        Inbound inbound,
        Sessions sessions,
        Calls calls,
        Turnstiles turnstiles,
        Addresses addresses,
        Witness witness) {}
