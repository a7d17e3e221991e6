-- Finds keys that another program has written. Precedes scripts that need it, so that they reject before they write anything.
local types = {}

-- KEY and the type that Parley keeps there, in turn. Returns 'foreign <type> <key>' for the first key of another type, else nil.
function types.foreign(...)
  local expected = { ... }
  for i = 1, #expected, 2 do
    local type = redis.call('TYPE', expected[i]).ok
    if type ~= 'none' and type ~= expected[i + 1] then return 'foreign ' .. type .. ' ' .. expected[i] end
  end
end

-- Whether there is a hash that is not a session of Parley's: each of those has a generation.
function types.not_ours(session)
  return not redis.call('HGET', session, 'generation') and redis.call('EXISTS', session) == 1
end
