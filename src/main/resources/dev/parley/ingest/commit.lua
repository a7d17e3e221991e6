-- Renews a lease, and moves the group behind what is in the log by now.
-- KEYS  stream, its lease   ARGV  reader, lease's TTL in ms, group, id of the last entry or ''
-- Returns { 1 }, or { 0 } when the lease is not this reader's any more: then nothing is moved
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 0 } end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if ARGV[4] ~= '' then redis.call('XGROUP', 'SETID', KEYS[1], ARGV[3], ARGV[4]) end
return { 1 }
