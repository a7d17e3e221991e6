package dev.parley.audit;

import dev.parley.redis.OnRedis;

/** Trails on a standalone server. */
class AuditIT extends OnRedis implements AuditContract {}
