-- Stores an entry of the seed's.
-- KEYS  entry, flight   ARGV  token or '', value, ms for which it is kept
-- Returns { 'stored' } or { 'superseded' }
if ARGV[1] ~= '' then
  local flight = redis.call('GET', KEYS[2])
  if flight and flight ~= ARGV[1] or not flight and redis.call('EXISTS', KEYS[1]) == 1 then return { 'superseded' } end
  redis.call('DEL', KEYS[2])
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return { 'stored' }
