package dev.parley.hub;

/**
 * A task of a conversation on its event loop. Any thread makes one; the conversation's {@link Mailbox} runs one at a time.
 *
 * @param name description for the log
 * @param bytes memory held while it waits, for tasks that arrive as fast as senders can send; otherwise 0
 */
record ConversationTask(String conversation, String name, int bytes, Runnable action) {

    void run() {
        action.run();
    }

    @Override
    public String toString() {
        return name + " (" + conversation + ")";
    }
}
