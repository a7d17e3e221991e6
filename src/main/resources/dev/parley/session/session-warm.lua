-- Restores a session from the record, unless there is one, or the conversation has become another tenant's. After types.lua.
--
-- KEYS  session, context, messages, meta
-- ARGV  1 TTL in ms   2 the same of a session that has something that the record has not got   3 a JSON object: session and context, names and values in turn, and messages, [number, fields]…, the oldest first
-- Returns { 'foreign <type> <key>' } when something of another type is there, or
--   { '1' when it was restored, '1' when it has something that is not archived }
local foreign = types.foreign(KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'stream', KEYS[4], 'hash')
if foreign then return { foreign } end
if redis.call('EXISTS', KEYS[1]) == 1 then return { '0', '0' } end
local record, owner = cjson.decode(ARGV[3]), redis.call('HGET', KEYS[4], 'tenant')
for i = 1, #record.session, 2 do
  if owner and record.session[i] == 'tenant_id' and record.session[i + 1] ~= owner then return { '0', '0' } end
end
-- Messages that were added without a session come after those of the record.
local later = redis.call('XRANGE', KEYS[3], '-', '+')
redis.call('DEL', KEYS[2], KEYS[3])
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], unpack(record.session))
redis.call('HSET', KEYS[1], 'last_activity', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)))
if #record.context > 0 then redis.call('HSET', KEYS[2], unpack(record.context)) end
local seq = tonumber(redis.call('HGET', KEYS[1], 'message_count'))
for _, one in ipairs(record.messages) do redis.call('XADD', KEYS[3], string.format('%d-0', one[1]), unpack(one[2])) end
for _, entry in ipairs(later) do
  seq = seq + 1
  redis.call('XADD', KEYS[3], string.format('%d-0', seq), unpack(entry[2]))
end
if #later > 0 then
  redis.call('HSET', KEYS[1], 'message_count', string.format('%d', seq))
  redis.call('HINCRBY', KEYS[1], 'version', 1)
end
redis.call('HSETNX', KEYS[4], 'tenant', redis.call('HGET', KEYS[1], 'tenant_id'))
for i, key in ipairs(KEYS) do
  local ttl = #later > 0 and i < 4 and ARGV[2] or ARGV[1]
  if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
end
return { '1', #later > 0 and '1' or '0' }
