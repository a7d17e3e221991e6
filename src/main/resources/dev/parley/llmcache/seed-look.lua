-- Looks an entry of the seed's up; behind flight.lua. Nothing tells how old it is.
-- KEYS  entry, flight   ARGV  …, the oldest that will do in ms or -1
-- Returns { 'hit', false, value } or what missing() returns
local value = redis.call('GET', KEYS[1])
if not value then return missing('absent', '0') end
if tonumber(ARGV[3]) >= 0 then return missing('too_old', '0') end
return { 'hit', false, value }
