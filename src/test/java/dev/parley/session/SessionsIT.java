package dev.parley.session;

import dev.parley.redis.OnRedis;

/** Sessions in a Redis that stands alone. */
class SessionsIT extends OnRedis implements SessionContract {}
