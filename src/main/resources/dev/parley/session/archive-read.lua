-- Reads the part of a session that is not archived.
--
-- KEYS  session, context, messages
-- ARGV  1 messages at most
-- Returns nothing when there is no session of Parley's, else { fields, context, messages }, the oldest message first
local session = redis.call('HGETALL', KEYS[1])
if #session == 0 or not redis.call('HGET', KEYS[1], 'generation') then return {} end
local from = (redis.call('HGET', KEYS[1], 'archived_seq') or 0) + 1
return { session, redis.call('HGETALL', KEYS[2]),
         redis.call('XRANGE', KEYS[3], string.format('%d-0', from), '+', 'COUNT', ARGV[1]) }
