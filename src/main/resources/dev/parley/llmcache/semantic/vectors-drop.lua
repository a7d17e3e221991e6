-- Drops expired entries; after clock.lua.
-- KEYS  the partition's entries
drop_ended(true)
return {}
