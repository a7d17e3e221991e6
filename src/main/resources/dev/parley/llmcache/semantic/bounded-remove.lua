-- Removes a question; after clock.lua.
-- KEYS  the partition's entries   ARGV  id
if redis.call('ZSCORE', ends, ARGV[1]) then
  drop(ARGV, false)
  -- Nodes with a copy read it again.
  redis.call('HINCRBY', entries, 'removals', 1)
  if redis.call('ZCARD', ends) == 0 then redis.call('DEL', entries) end
end
return {}
