-- Notes that a durable stream has lost events that nobody had read, and tells all nodes, which find it here as well.
-- KEYS  what streams have lost   ARGV  stream, how many, channel   Returns { when, in ms: each loss has a time of its own }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = string.format('%d', math.max(now, (redis.call('HGET', KEYS[1], 'at') or 0) + 1))
redis.call('HSET', KEYS[1], 'at', at)
redis.call('HINCRBY', KEYS[1], 'stream ' .. ARGV[1], ARGV[2])
-- Who may not publish there is found out by looking.
redis.pcall('PUBLISH', ARGV[3], at)
return { at }
