-- Records that an entry's answer was wrong for a question.
-- KEYS  reports of the question   ARGV  entry's key, TTL in ms, most reports
-- Returns { 1 when it was not recorded before }
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[3]) and redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
  redis.call('SPOP', KEYS[1])
end
local new = redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { new }
