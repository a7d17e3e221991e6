-- Reads the heads of the logs of conversations of one slot.
--
-- KEYS  per conversation: meta, runs
-- Returns per conversation: its counters, '' without a log, and whether it has runs, 1 or 0
local seen = {}
for i = 1, #KEYS, 2 do
  -- A key of another type does not affect the others.
  local state = redis.pcall('HGET', KEYS[i], 'log')
  seen[i] = type(state) == 'string' and state or ''
  seen[i + 1] = redis.call('EXISTS', KEYS[i + 1])
end
return seen
