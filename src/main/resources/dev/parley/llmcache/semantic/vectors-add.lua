-- Adds a question; after clock.lua.
-- KEYS  the partition's entries   ARGV  id, question, key, vector (FP32), TTL in ms, most entries
local id = ARGV[1]
drop_ended(true)
-- Not quantized, because the third digit of a cosine decides whether it passes the threshold.
redis.call('VADD', vectors, 'FP32', ARGV[4], id, 'NOQUANT')
redis.call('HSET', entries, 'q' .. id, ARGV[2], 'k' .. id, ARGV[3])
redis.call('ZADD', ends, now + ARGV[5], id)
local over = redis.call('ZCARD', ends) - ARGV[6]
if over > 0 then drop(redis.call('ZRANGE', ends, 0, math.min(over, PART) - 1), true) end
renew()
return {}
