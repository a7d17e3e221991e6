-- The same for the seed's.
-- KEYS  entry, flight
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
return { now, redis.call('EXISTS', KEYS[1]) == 1 and '' or false, 0, redis.call('STRLEN', KEYS[1]), redis.call('PTTL', KEYS[1]),
  redis.call('PTTL', KEYS[2]) }
