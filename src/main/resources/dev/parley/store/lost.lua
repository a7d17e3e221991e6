-- Records that a durable stream has lost unread events, and notifies all nodes, which also find it here.
-- KEYS  what streams have lost   ARGV  stream, how many, channel   Returns { when, in ms: each loss has a time of its own }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = string.format('%d', math.max(now, (redis.call('HGET', KEYS[1], 'at') or 0) + 1))
redis.call('HSET', KEYS[1], 'at', at)
redis.call('HINCRBY', KEYS[1], 'stream ' .. ARGV[1], ARGV[2])
-- Without the right to publish, nodes find the loss at their next look.
redis.pcall('PUBLISH', ARGV[3], at)
return { at }
