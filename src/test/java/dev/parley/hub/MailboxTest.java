package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class MailboxTest {

    /** An event loop that is turned by hand. */
    private final Queue<Runnable> loop = new ArrayDeque<>();

    private final List<String> handled = new ArrayList<>();
    private final Mailbox<String> mailbox = new Mailbox<>(loop::add, this::handle, 100);

    private void handle(String item) {
        handled.add(item);
        if (item.startsWith("again ")) {
            mailbox.add(item.substring(6));
        }
        if (item.equals("fails")) {
            throw new IllegalStateException("as it should in this test");
        }
    }

    private void turn() {
        loop.remove().run();
    }

    @Test
    void whatCameBeforeATurnIsHandledInItInOrder() {
        mailbox.add("1");
        mailbox.add("2");
        assertThat(handled).as("nothing is done where it is added").isEmpty();
        assertThat(loop).as("one turn for both").hasSize(1);
        turn();
        assertThat(handled).containsExactly("1", "2");
        assertThat(loop).isEmpty();
    }

    @Test
    void whatComesDuringATurnGetsTheNextOneBehindTheOthers() {
        List<String> others = new ArrayList<>();
        mailbox.add("again 3");
        mailbox.add("2");
        loop.add(() -> others.addAll(handled));
        turn();
        assertThat(handled).containsExactly("again 3", "2");
        turn();
        assertThat(others).containsExactly("again 3", "2");
        turn();
        assertThat(handled).containsExactly("again 3", "2", "3");
        assertThat(loop).isEmpty();
    }

    @Test
    void whatFailsStopsNothing() {
        mailbox.add("fails");
        mailbox.add("2");
        turn();
        mailbox.add("3");
        turn();
        assertThat(handled).containsExactly("fails", "2", "3");
    }

    @Test
    void whatMayBeDroppedIsTakenWhileThereIsRoom() {
        assertThat(mailbox.addIfRoom("1", 60)).isTrue();
        assertThat(mailbox.addIfRoom("2", 41)).isFalse();
        assertThat(mailbox.addIfRoom("3", 40)).isTrue();
        mailbox.add("must be told");
        turn();
        assertThat(handled).containsExactly("1", "3", "must be told");
        assertThat(mailbox.addIfRoom("4", 100)).isTrue();
        turn();
        assertThat(handled).last().isEqualTo("4");
        assertThat(loop).isEmpty();
    }

    @Test
    void aLoopThatHasEndedIsNoErrorOfWhoeverTells() {
        Mailbox<String> late = new Mailbox<>(
                task -> {
                    throw new RejectedExecutionException("the loop has ended");
                },
                this::handle,
                100);
        late.add("1");
        assertThat(handled).isEmpty();
    }
}
