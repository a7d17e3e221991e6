-- Renews a lease, and moves the group behind what is in the log by now. Behind readers.lua.
-- KEYS  stream, its lease, its readers   ARGV  reader, lease's TTL in ms, group, id of the last entry or '', '1' to say that it lives
-- Returns { 0 } when the lease is not this reader's any more: then nothing is moved. Else { 1 }, or, when it said that it lives,
--         { 1, nodes that would read the stream }
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 0 } end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if ARGV[4] ~= '' then redis.call('XGROUP', 'SETID', KEYS[1], ARGV[3], ARGV[4]) end
if ARGV[5] == '0' then return { 1 } end
return { 1, alive(KEYS[3], ARGV[1], ARGV[2]) }
