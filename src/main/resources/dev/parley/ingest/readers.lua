-- Registers a reader of a stream until its TTL in ms is over, and returns the number of readers. Precedes scripts that need it.
local function alive(readers, reader, ttl)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', readers, '-inf', now)
  redis.call('ZADD', readers, now + ttl, reader)
  redis.call('PEXPIRE', readers, ttl)
  return redis.call('ZCARD', readers)
end

