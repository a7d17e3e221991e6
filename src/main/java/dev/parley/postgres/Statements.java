package dev.parley.postgres;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Helpers for statements in a transaction. */
public final class Statements {

    private Statements() {}

    /** Executes a statement. Emits the number of affected rows. */
    public static Mono<Long> rowsUpdated(Statement statement) {
        return Flux.from(statement.execute()).concatMap(Result::getRowsUpdated).reduce(0L, Long::sum);
    }
}
