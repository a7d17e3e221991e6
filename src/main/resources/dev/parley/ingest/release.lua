-- Releases a lease.
-- KEYS  lease, readers   ARGV  reader, '1' when it is not a reader of the stream any more   Returns { 1 } when the lease was this reader's
if ARGV[2] == '1' then redis.call('ZREM', KEYS[2], ARGV[1]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then return { redis.call('DEL', KEYS[1]) } end
return { 0 }
