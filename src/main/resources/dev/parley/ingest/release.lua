-- Gives a lease back.   KEYS  lease   ARGV  reader   Returns { 1 } when it was this reader's
if redis.call('GET', KEYS[1]) == ARGV[1] then return { redis.call('DEL', KEYS[1]) } end
return { 0 }
