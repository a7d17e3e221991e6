-- Looks an entry up; after flight.lua and entry.lua.
-- KEYS  entry, flight, epochs, …   ARGV  …, maximum age in ms or -1, lease of a refresh in ms; 0: the caller makes none
-- Returns { 'hit', header, value, age } or, past its time, { 'stale', header, value, age, token and lease if the caller is to refresh it },
-- or what missing() returns
local kept = redis.call('HMGET', KEYS[1], 'h', 'v')
local epoch = redis.call('HGET', KEYS[3], '#') or '0'
local lines = kept[1] and header(kept[1])
if not lines then return missing('absent', epoch) end
if invalid(KEYS[3], lines, lines[1]) then
  redis.call('UNLINK', KEYS[1])
  return missing('invalidated', epoch)
end
local age = math.max(0, now - tonumber(lines[2]))
local oldest = tonumber(ARGV[4])
if oldest >= 0 and age > oldest then return missing('too_old', epoch) end
if now < tonumber(lines[3]) then return { 'hit', kept[1], kept[2], age } end
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'stale', kept[1], kept[2], age } end
if lease > 0 then return { 'stale', kept[1], kept[2], age, lead(epoch, lease), lease } end
local refresh = tonumber(ARGV[5])
if refresh == 0 then return { 'miss', 'stale' } end
-- A caller that does not ask for the flight gets a miss and refreshes it nevertheless.
return { 'miss', 'stale', lead(epoch, refresh), refresh }
