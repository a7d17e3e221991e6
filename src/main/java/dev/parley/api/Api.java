package dev.parley.api;

import dev.parley.audit.Audit;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.http.Route;
import dev.parley.inbox.UserMessages;
import dev.parley.leaderboard.Leaderboard;
import dev.parley.llmcache.LlmCache;
import dev.parley.publish.Publisher;
import dev.parley.ratelimit.EndpointLimiters;
import dev.parley.ratelimit.Limits;
import dev.parley.session.Sessions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/** The whole API: its operations, as routes and for sockets, and the routes that are no operations. Thread-safe. */
public final class Api {

    private final List<Operation> all;
    private final Operations operations;
    private final List<Route> routes;

    /** What the API reads and writes. */
    public record Services(
            Sessions sessions,
            Publisher publisher,
            UserMessages messages,
            Leaderboard leaderboard,
            Limits limits,
            Audit audit,
            LlmCache cache) {}

    /**
     * @param maxBody of a request's body, in bytes
     * @param witness receives what callers did and what they were refused
     */
    public Api(RequestAuthenticator callers, int maxBody, Services services, AuditListener witness) {
        all = Stream.of(
                        new SessionOperations(services.sessions).operations(),
                        new LeaderboardOperations(services.leaderboard).operations(),
                        new LimitOperations(services.limits).operations(),
                        new AuditOperations(services.audit, witness).operations(),
                        new CacheOperations(services.cache).operations())
                .flatMap(List::stream)
                .toList();
        operations = new Operations(callers, maxBody, all);
        EndpointLimiters limiters = services.limits.turnstiles();
        routes = new ArrayList<>(operations.routes());
        routes.addAll(
                new EventRoutes(callers, services.publisher, services.sessions, maxBody, limiters.publish(), witness)
                        .routes());
        routes.addAll(new MessageRoutes(callers, services.messages, maxBody, limiters.send()).routes());
        routes.addAll(new AuditRoutes(callers, services.audit, witness).routes());
    }

    /** Does what a socket's {@code call} asks for; answers JSON. */
    public Mono<byte[]> call(Principal who, String method, byte[] params) {
        return operations.call(who, method, params);
    }

    public List<Operation> operations() {
        return all;
    }

    public List<Route> routes() {
        return List.copyOf(routes);
    }
}
