-- Stores an entry in the original Python format.
-- KEYS  entry, flight, the epoch in which it was made   ARGV  token or '', value, ms for which it is kept, the epoch of the latest
-- invalidation or 0
-- Returns { 'stored' }, { 'superseded' } or { 'invalidated' }
local epoch = ARGV[4]
if ARGV[1] ~= '' then
  local flight = redis.call('GET', KEYS[2])
  if flight and flight ~= ARGV[1] or not flight and redis.call('EXISTS', KEYS[1]) == 1 then return { 'superseded' } end
  redis.call('DEL', KEYS[2])
  local began = tonumber(string.match(ARGV[1], '^%d+'))
  if began > tonumber(epoch) then return { 'superseded' } end
  if began < tonumber(epoch) then return { 'invalidated' } end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if epoch ~= '0' then redis.call('SET', KEYS[3], epoch, 'PX', ARGV[3]) end
return { 'stored' }
