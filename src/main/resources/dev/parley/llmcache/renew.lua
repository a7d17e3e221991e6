-- Goes on with a flight, if it is still the caller's.
-- KEYS  flight   ARGV  token, ms that its lease runs from now on
-- Returns { 1 if it was }
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0 } end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1 }
