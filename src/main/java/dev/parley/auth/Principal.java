package dev.parley.auth;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.time.Instant;
import java.util.Collections;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An authenticated caller. Immutable.
 *
 * @param subject the user or agent
 * @param tenant whose conversations it may use
 * @param roles what it may do
 * @param conversations the conversations that it may use whichever tenant owns them; {@link #ANY} stands for any that belongs to its tenant
 *     or does not exist yet
 * @param expires end of its validity, including the clocks' possible difference; null for never
 * @param unrestricted whether nothing is checked at all
 */
public record Principal(
        String subject,
        String tenant,
        Set<Role> roles,
        Set<String> conversations,
        @Nullable Instant expires,
        boolean unrestricted) {

    /** In {@link #conversations}: any of its own tenant, or not yet existing. */
    public static final String ANY = "*";

    public Principal {
        roles = Set.copyOf(roles);
        conversations = Set.copyOf(conversations);
    }

    /** The principal of every caller without authentication: every role, every conversation. */
    public static Principal local(String tenant) {
        return new Principal("local", tenant, Set.of(Role.values()), Set.of(ANY), null, true);
    }

    /** Its access to a conversation, as far as can be decided without reading the conversation. */
    public Access access(String conversation) {
        boolean any = conversations.contains(ANY);
        // A conversation may be called "*"; the grant of that name is not a grant of that conversation.
        boolean named = conversations.contains(conversation) && !conversation.equals(ANY);
        return new Access(tenant, !unrestricted && !named, unrestricted || named || any);
    }

    /** Whether another token is of the same subject and tenant. */
    public boolean isSameAs(Principal other) {
        return subject.equals(other.subject) && tenant.equals(other.tenant);
    }

    /** Throws a {@link ParleyException} with {@code forbidden} when it has no role at all. */
    public void requireAnyRole() {
        if (roles.isEmpty()) {
            throw ParleyException.of(ErrorCode.FORBIDDEN, "this needs a role: the token's roles are empty");
        }
    }

    /** Throws a {@link ParleyException} with {@code forbidden} when it has none of these roles. */
    public void requireAnyOf(Set<Role> wanted) {
        if (Collections.disjoint(roles, wanted)) {
            String names = wanted.stream().sorted().map(Role::wire).collect(Collectors.joining(" or "));
            throw ParleyException.of(
                    ErrorCode.FORBIDDEN, "this needs the role " + names + ": the token's roles do not include it");
        }
    }

    public void require(Role role) {
        requireAnyOf(Set.of(role));
    }
}
