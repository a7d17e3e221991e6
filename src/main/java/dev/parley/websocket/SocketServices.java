package dev.parley.websocket;

import dev.parley.auth.AuditListener;
import dev.parley.auth.Authenticator;
import dev.parley.http.ClientAddresses;
import dev.parley.ratelimit.EndpointLimiters;

/** The services that sockets use. */
public record SocketServices(
        Authenticator authenticator,
        ConversationServices conversations,
        OperationInvoker calls,
        EndpointLimiters turnstiles,
        ClientAddresses addresses,
        AuditListener witness) {}
