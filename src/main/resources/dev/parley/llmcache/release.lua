-- Ends a flight without an answer, if it is still the caller's.
-- KEYS  flight   ARGV  token, ms in which nobody is to wait for such an answer; 0: the next one tries
-- Returns { 1 if it was }
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0 } end
if tonumber(ARGV[2]) > 0 then
  redis.call('SET', KEYS[1], '-', 'PX', ARGV[2])
else
  redis.call('DEL', KEYS[1])
end
return { 1 }
