/**
 * Messages of people, on their way to agents. {@link dev.parley.inbox.UserMessages} appends a message to the log and the session of its
 * conversation. {@link dev.parley.inbox.InboxDelivery} adds it to the inbox of the agent, once, and
 * {@link dev.parley.inbox.InboxRepair} finishes what was interrupted between the two. The package does not read inboxes: agents do.
 */
@NullMarked
package dev.parley.inbox;

import org.jspecify.annotations.NullMarked;
