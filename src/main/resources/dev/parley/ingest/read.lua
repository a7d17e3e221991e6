-- Reads a durable stream for whoever holds its lease, takes the lease when nobody does, and renews it.
-- KEYS  stream, its lease   ARGV  reader, lease's TTL in ms, group, consumer, most entries, id ('0': pending ones, '>': new ones)
-- Returns { 'held' } when somebody else has the lease, else { 'read', the entries }
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return { 'held' } end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local reply = redis.call('XREADGROUP', 'GROUP', ARGV[3], ARGV[4], 'COUNT', ARGV[5], 'STREAMS', KEYS[1], ARGV[6])
return { 'read', reply and reply[1][2] or {} }
