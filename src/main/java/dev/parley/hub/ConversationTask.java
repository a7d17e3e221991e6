package dev.parley.hub;

/**
 * Something that a conversation does on its event loop. Any thread makes one; the conversation's {@link Mailbox} runs one at a time.
 *
 * @param name what it is, for the log
 * @param bytes what it holds while it waits, where others send that as fast as they can; else 0
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
