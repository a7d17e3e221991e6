-- Marks a session in the original Python format as imported.
-- KEYS  session   ARGV  field
-- Returns { 1 } when it exists, { 0 } when not
if redis.call('EXISTS', KEYS[1]) == 0 then return { 0 } end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], time[1] * 1000 + math.floor(time[2] / 1000))
return { 1 }
