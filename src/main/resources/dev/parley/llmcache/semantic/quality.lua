-- Counts answers that were served, and wrong ones, and tightens the threshold by a step when too many are wrong.
-- KEYS  of a tenant and category   ARGV  served, wrong, error bound, fewest served, window in ms, ms without a wrong one that loosen it again
-- Returns { steps }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local PARTS = 24
local part = math.floor(now * PARTS / ARGV[5])
local served, wrong = tonumber(ARGV[1]), tonumber(ARGV[2])

local state = redis.call('HMGET', KEYS[1], 'steps', 'last')
local steps = tonumber(state[1] or 0)
if steps > 0 and now - state[2] > tonumber(ARGV[6]) then
  redis.call('HDEL', KEYS[1], 'steps')
  steps = 0
end
if served == 0 and wrong == 0 then return { steps } end

if served > 0 then redis.call('HINCRBY', KEYS[1], 's' .. part, served) end
if wrong > 0 then
  redis.call('HINCRBY', KEYS[1], 'w' .. part, wrong)
  redis.call('HSET', KEYS[1], 'last', now)
end
local all, bad, counts = 0, 0, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local kind, of = string.match(fields[i], '^([sw])(%d+)$')
  if kind then
    if tonumber(of) <= part - PARTS then
      redis.call('HDEL', KEYS[1], fields[i])
    else
      counts[#counts + 1] = fields[i]
      if kind == 's' then all = all + fields[i + 1] else bad = bad + fields[i + 1] end
    end
  end
end
if wrong > 0 and bad > ARGV[3] * math.max(all, tonumber(ARGV[4])) then
  -- Answers served under the old threshold say nothing about the new one.
  redis.call('HDEL', KEYS[1], unpack(counts))
  steps = redis.call('HINCRBY', KEYS[1], 'steps', 1)
end
redis.call('PEXPIRE', KEYS[1], math.max(ARGV[5], ARGV[6]))
return { steps }
