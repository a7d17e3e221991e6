package dev.parley.hub;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.error.ParleyException;
import dev.parley.protocol.EncodedFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Records what a hub hands to a follower. It has room unless the test {@link #fill fills} it. */
final class RecordingFollower implements Subscriber {

    private final Executor loop;
    private final List<EncodedFrame> frames = new ArrayList<>();
    private final List<String> shown = new ArrayList<>();
    private final Disposable.Swap place = Disposables.swap();
    private @Nullable ParleyException refusal;
    private boolean full;
    private Sinks.Empty<Void> room = Sinks.empty();

    RecordingFollower() {
        this(Runnable::run);
    }

    RecordingFollower(Executor loop) {
        this.loop = loop;
    }

    @Override
    public Executor loop() {
        return loop;
    }

    @Override
    public void offer(Delivery delivery) {
        record(delivery.frame());
    }

    @Override
    public void offerEphemeral(Delivery.Event event) {
        record(event.frame());
    }

    private void record(EncodedFrame frame) {
        if (refusal != null) {
            throw new AssertionError("more comes after a refusal: " + frame.json());
        }
        frames.add(frame);
        shown.add(FrameBrief.of(frame.json()));
    }

    @Override
    public void refused(ParleyException why) {
        if (refusal != null) {
            throw new AssertionError("refused twice: " + why.getMessage());
        }
        refusal = why;
        shown.add("refused:" + why.code().wire());
    }

    @Override
    public boolean hasRoom() {
        return !full;
    }

    @Override
    public Mono<Void> room() {
        return full ? room.asMono() : Mono.empty();
    }

    /** There is no room from now on. */
    void fill() {
        full = true;
        room = Sinks.empty();
    }

    void makeRoom() {
        full = false;
        room.tryEmitEmpty().orThrow();
    }

    void follows(Disposable its) {
        place.update(its);
    }

    void leave() {
        place.dispose();
    }

    /** Everything so far, as {@link FrameBrief} says; {@code refused:not_found} at its end. */
    String shown() {
        return String.join(" ", shown);
    }

    /** What {@link #shown} since this was called last. */
    String news() {
        String news = shown();
        shown.clear();
        return news;
    }

    EncodedFrame frame(int number) {
        return frames.get(number);
    }

    /** The last frame of a type. */
    JsonNode last(String type) {
        for (int i = frames.size() - 1; i >= 0; i--) {
            JsonNode frame = FrameBrief.json(frames.get(i).json());
            if (frame.path("type").asText().equals(type)) {
                return frame;
            }
        }
        throw new AssertionError("no frame of type " + type + " was shown");
    }

    ParleyException refusal() {
        if (refusal == null) {
            throw new AssertionError("not refused");
        }
        return refusal;
    }
}
