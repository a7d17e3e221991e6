-- renew
-- Renews a flight, if the caller still has it.
-- KEYS  flight, whether other nodes wait for it   ARGV  token, ms that its lease runs from now on
-- Returns { 1 if it had, 1 if other nodes wait }
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0, 0 } end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, redis.call('EXISTS', KEYS[2]) }
