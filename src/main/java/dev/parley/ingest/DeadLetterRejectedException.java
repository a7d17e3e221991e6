package dev.parley.ingest;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Redis;
import io.lettuce.core.RedisCommandExecutionException;

/** Redis has rejected a dead letter, or the dead letters' key holds another program's data: a later attempt may fail in the same way. */
final class DeadLetterRejectedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    DeadLetterRejectedException(Throwable cause) {
        super(Redis.rootMessage(cause), cause, false, false);
    }

    /** Whether an error concerns the entry or the key, not the connection or the server's state. */
    static boolean isCause(Throwable e) {
        return e instanceof RedisCommandExecutionException || ParleyException.is(e, ErrorCode.CONFLICT);
    }
}
