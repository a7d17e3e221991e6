-- Looks at conversations of one slot.
--
-- KEYS  per conversation: meta, runs
-- Returns per conversation: its counters, '' where there is no log, and whether something is kept of runs, 1 or 0
local seen = {}
for i = 1, #KEYS, 2 do
  -- One key of another type costs the others nothing.
  local state = redis.pcall('HGET', KEYS[i], 'log')
  seen[i] = type(state) == 'string' and state or ''
  seen[i + 1] = redis.call('EXISTS', KEYS[i + 1])
end
return seen
