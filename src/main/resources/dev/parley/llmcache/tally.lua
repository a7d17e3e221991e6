-- Adds to counters.
-- KEYS  hash   ARGV  TTL in ms, 0 for none, then field and increment in turn
for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
if tonumber(ARGV[1]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { 1 }
