/**
 * What people say, on its way to the agents: {@link dev.parley.session.Inbound} appends a message to the conversation's log and
 * session and adds it to the agent's inbox, each once, although these stand on different slots.
 */
@NullMarked
package dev.parley.session;

import org.jspecify.annotations.NullMarked;
