-- Removes a question; after clock.lua.
-- KEYS  the partition's entries   ARGV  id
drop(ARGV, true)
return {}
