-- Reads counters.
-- KEYS  hashes
-- Returns the fields and values of each
local all = {}
for i, key in ipairs(KEYS) do all[i] = redis.call('HGETALL', key) end
return all
