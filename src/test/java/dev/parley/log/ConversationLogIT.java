package dev.parley.log;

import dev.parley.redis.OnRedis;

/** The log on a standalone server. */
class ConversationLogIT extends OnRedis implements LogContract {}
