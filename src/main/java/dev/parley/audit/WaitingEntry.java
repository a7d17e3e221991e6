package dev.parley.audit;

import reactor.core.publisher.Sinks;

/** An entry that is being appended, and its waiting caller. */
record WaitingEntry(UnsealedEntry draft, Sinks.One<AppendResult> answer) {

    static WaitingEntry of(UnsealedEntry draft) {
        return new WaitingEntry(draft, Sinks.one());
    }

    void added(AppendResult added) {
        answer.emitValue(added, Sinks.EmitFailureHandler.FAIL_FAST);
    }

    void failed(Throwable e) {
        Sinks.EmitResult unused = answer.tryEmitError(e); // a second answer is ignored
    }
}
