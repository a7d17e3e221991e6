-- Looks an entry in the original Python format up; after flight.lua. Its age is unknown: the first look-up after an invalidation drops it.
-- KEYS  entry, flight, the epoch in which it was made, …   ARGV  …, maximum age in ms or -1, the epoch of the latest
-- invalidation or 0, ms for which that is kept
-- Returns { 'hit', false, value } or what missing() returns
local epoch = ARGV[5]
if tonumber(redis.call('GET', KEYS[3]) or '0') < tonumber(epoch) then
  local gone = redis.call('UNLINK', KEYS[1])
  redis.call('SET', KEYS[3], epoch, 'PX', ARGV[6])
  return missing(gone == 1 and 'invalidated' or 'absent', epoch)
end
local value = redis.call('GET', KEYS[1])
if not value then return missing('absent', epoch) end
if tonumber(ARGV[4]) >= 0 then return missing('too_old', epoch) end
return { 'hit', false, value }
