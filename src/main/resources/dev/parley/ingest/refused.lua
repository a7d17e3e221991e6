-- Counts rejections of entries, beside the lease, so that the next reader continues to count.
-- KEYS  counts   ARGV  TTL in ms, entries' ids   Returns each one's count
local counts = {}
for i = 2, #ARGV do counts[i - 1] = redis.call('HINCRBY', KEYS[1], ARGV[i], 1) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return counts
