package dev.parley.audit;

import reactor.core.publisher.Sinks;

/** A draft that is on its way, and who waits for it. */
record Waiting(Draft draft, Sinks.One<Added> answer) {

    static Waiting of(Draft draft) {
        return new Waiting(draft, Sinks.one());
    }

    void added(Added added) {
        answer.emitValue(added, Sinks.EmitFailureHandler.FAIL_FAST);
    }

    void failed(Throwable e) {
        Sinks.EmitResult unused = answer.tryEmitError(e); // who has an answer already needs no other
    }
}
