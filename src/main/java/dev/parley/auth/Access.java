package dev.parley.auth;

/**
 * What the scripts on a conversation's keys need to know about the caller.
 *
 * @param tenant the caller's tenant; a new conversation is bound to it
 * @param checked whether an existing conversation must belong to that tenant; if not, the caller may use it as it is
 * @param mayBeNew whether the conversation may not exist yet; if not, what does not exist is refused as {@code not_found}
 */
public record Access(String tenant, boolean checked, boolean mayBeNew) {

    /** The same for what makes a conversation that does not exist: a first message binds it to the caller's tenant. */
    public Access orNew() {
        return new Access(tenant, checked, true);
    }
}
