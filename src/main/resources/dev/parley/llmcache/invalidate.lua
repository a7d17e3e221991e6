-- Begins an epoch for the named scopes: entries of an earlier one are not served any more. Epochs only grow, whatever the clock does.
-- KEYS  epochs   ARGV  maximum number of epochs, maximum ms that an entry may be kept, field, …
-- Returns { epoch }
local time = redis.call('TIME')
local epoch = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(redis.call('HGET', KEYS[1], '#') or '0') + 1)
local at = string.format('%.0f', epoch)
for i = 3, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], at) end
-- Too many scopes: all entries are invalidated.
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], '*', at)
end
redis.call('HSET', KEYS[1], '#', at)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { at }
