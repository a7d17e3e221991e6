-- Adds a question; after clock.lua.
-- KEYS  the partition's entries   ARGV  id, question, key, vector, TTL in ms, most entries
local id = ARGV[1]
drop_ended(false)
-- Distinguishes a partition from an earlier one with the same name.
redis.call('HSETNX', entries, 'born', time[1] .. '.' .. time[2])
redis.call('HSET', entries, 'q' .. id, ARGV[2], 'k' .. id, ARGV[3], 'v' .. id, ARGV[4])
redis.call('ZADD', ends, now + ARGV[5], id)
redis.call('ZADD', added, redis.call('HINCRBY', entries, 'number', 1), id)
local over = redis.call('ZCARD', added) - ARGV[6]
if over > 0 then drop(redis.call('ZRANGE', added, 0, math.min(over, PART) - 1), false) end
renew()
return {}
