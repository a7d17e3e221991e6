-- Reads what was added to a partition; after clock.lua.
-- KEYS  its entries, reports of a question   ARGV  creation of the partition, and number and removals that the caller knows
-- Returns { creation, now in ms, number, removals, lowest number, 1 when this is everything, { reported key, … },
-- for each entry: id, number, expiry in ms, question, key, vector }
drop_ended(false)
local state = redis.call('HMGET', entries, 'born', 'number', 'removals')
local born, number, removals = state[1] or '', state[2] or '0', state[3] or '0'
local known = born == ARGV[1] and removals == ARGV[3]
local lowest = redis.call('ZRANGE', added, 0, 0, 'WITHSCORES')[2] or '0'
local reply = { born, now, tonumber(number), removals, tonumber(lowest), known and 0 or 1, redis.call('SMEMBERS', KEYS[2]) }
local found = redis.call('ZRANGEBYSCORE', added, known and '(' .. ARGV[2] or '-inf', '+inf', 'WITHSCORES')
for i = 1, #found, 2 do
  local id = found[i]
  local fields = redis.call('HMGET', entries, 'q' .. id, 'k' .. id, 'v' .. id)
  reply[#reply + 1] = id
  reply[#reply + 1] = tonumber(found[i + 1])
  reply[#reply + 1] = tonumber(redis.call('ZSCORE', ends, id))
  for field = 1, 3 do reply[#reply + 1] = fields[field] end
end
return reply
