package dev.parley.auth;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.time.Instant;
import java.util.Collections;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who is asking. Immutable.
 *
 * @param subject the user or agent
 * @param tenant whose conversations it reaches
 * @param roles what it may do
 * @param conversations the conversations that it may use whoever they belong to; {@link #ANY} stands for any that belongs to its
 *     tenant or does not exist yet
 * @param expires from when on it is nobody any more, the clocks' possible difference included; null for never
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

    /** Everyone, where nobody is asked who they are: every role, every conversation. */
    public static Principal local(String tenant) {
        return new Principal("local", tenant, Set.of(Role.values()), Set.of(ANY), null, true);
    }

    /** What it may do with this conversation, as far as can be told without looking the conversation up. */
    public Access access(String conversation) {
        boolean any = conversations.contains(ANY);
        // A conversation may be called "*"; the grant of that name is not a grant of that conversation.
        boolean named = conversations.contains(conversation) && !conversation.equals(ANY);
        return new Access(tenant, !unrestricted && !named, unrestricted || named || any);
    }

    /** Whether another token speaks for the same one. */
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
