-- As explain.lua, for an entry in the original Python format.
-- KEYS  entry, flight, the epoch in which it was made   ARGV  the epoch of the latest invalidation or 0
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local old = tonumber(redis.call('GET', KEYS[3]) or '0') < tonumber(ARGV[1])
return { now, redis.call('EXISTS', KEYS[1]) == 1 and '' or false, old and 1 or 0, redis.call('STRLEN', KEYS[1]), redis.call('PTTL', KEYS[1]),
  redis.call('PTTL', KEYS[2]) }
