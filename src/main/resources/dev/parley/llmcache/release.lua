-- release
-- Ends a flight without an answer, if it is still the caller's.
-- KEYS  flight, how the last one ended that failed   ARGV  token, 'abandoned': the next one tries, 'uncacheable': nobody is to wait for
-- such an answer, or 'failed': nobody who waits for this flight is to wait for another one; ms for which that is remembered; how it failed
-- Returns { 1 if it was }
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0 } end
if ARGV[2] == 'uncacheable' then
  redis.call('SET', KEYS[1], '-', 'PX', ARGV[3])
else
  redis.call('DEL', KEYS[1])
end
if ARGV[2] == 'failed' then redis.call('SET', KEYS[2], ARGV[1] .. '\n' .. ARGV[4], 'PX', ARGV[3]) end
return { 1 }
