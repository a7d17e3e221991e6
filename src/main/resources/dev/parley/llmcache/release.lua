-- release
-- Ends a flight without a response, if the caller still has it.
-- KEYS  flight, how the last failed one ended   ARGV  token, 'abandoned': the next caller tries, 'uncacheable': no caller waits for
-- such a response, or 'failed': callers that wait for this flight do not wait for another; ms for which that is kept; the failure
-- Returns { 1 if it had }
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0 } end
if ARGV[2] == 'uncacheable' then
  redis.call('SET', KEYS[1], '-', 'PX', ARGV[3])
else
  redis.call('DEL', KEYS[1])
end
if ARGV[2] == 'failed' then redis.call('SET', KEYS[2], ARGV[1] .. '\n' .. ARGV[4], 'PX', ARGV[3]) end
return { 1 }
