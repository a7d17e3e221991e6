-- Drops what has ended; behind clock.lua.
-- KEYS  the partition's entries
drop_ended(true)
return {}
