/**
 * Messages of people, on their way to agents: {@link dev.parley.inbox.UserMessages} appends a message to the conversation's log and
 * session, {@link dev.parley.inbox.InboxDelivery} adds it to the agent's inbox, each once, although these keys are on different slots.
 * {@link dev.parley.inbox.InboxRepair} finishes what was interrupted between the two.
 */
@NullMarked
package dev.parley.inbox;

import org.jspecify.annotations.NullMarked;
