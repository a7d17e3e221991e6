-- Takes a question out; behind clock.lua.
-- KEYS  the partition's entries   ARGV  id
drop(ARGV, true)
return {}
