package dev.parley.audit;

import reactor.core.publisher.Sinks;

/** A draft that is on its way, and who waits for it. */
record WaitingEntry(UnsealedEntry draft, Sinks.One<AppendResult> answer) {

    static WaitingEntry of(UnsealedEntry draft) {
        return new WaitingEntry(draft, Sinks.one());
    }

    void added(AppendResult added) {
        answer.emitValue(added, Sinks.EmitFailureHandler.FAIL_FAST);
    }

    void failed(Throwable e) {
        Sinks.EmitResult unused = answer.tryEmitError(e); // who has an answer already needs no other
    }
}
