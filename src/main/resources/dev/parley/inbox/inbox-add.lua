-- Adds an entry to an agent's inbox, once for its conversation and message id.
-- KEYS  inbox, ids it has had   ARGV  conversation and message id, ids remembered, TTL of the ids in ms, then field and value in turn
-- Returns { 1 } when it was added, { 0 } when it was there already
local time = redis.call('TIME')
if redis.call('ZADD', KEYS[2], 'NX', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), ARGV[1]) == 0 then
  return { 0 }
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
local fields = {}
for i = 4, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('XADD', KEYS[1], '*', unpack(fields))
return { 1 }
