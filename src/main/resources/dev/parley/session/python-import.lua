-- Creates a session from one in the original Python format, unless there is one by now. Parley's own keys with that format
-- are renamed. After types.lua and python.lua.
--
-- KEYS  session, messages, context, what these are renamed to, meta
-- ARGV  1 digest of what was under Parley's own keys when it was read, '' for nothing   2 bytes at most, as it was read with
--       3 TTL in ms   4 '1' when sessions are archived   5 TTL in ms of what is renamed
--       6 a JSON object: tenant, session and context, names and values in turn, and messages, [number, fields]…, the oldest first
-- Returns { 'known' } when there is a session of Parley's, { 'changed' } when what was read is something else by now, { 'other' } when the
-- conversation is another tenant's, or { 'imported', '1' when the session is to be archived from now on }
local found, why = python.read(KEYS[1], KEYS[2], KEYS[3], tonumber(ARGV[2]))
if why then return { 'changed' } end
if not found and redis.call('EXISTS', KEYS[1]) == 1 then return { 'known' } end
if (found and found.digest or '') ~= ARGV[1] then return { 'changed' } end
local foreign = types.foreign(KEYS[7], 'hash')
if foreign then return { foreign } end
local record, owner = cjson.decode(ARGV[6]), redis.call('HGET', KEYS[7], 'tenant')
if owner and owner ~= record.tenant then return { 'other' } end

for i = 1, 3 do
  if redis.call('EXISTS', KEYS[i]) == 1 and redis.call('TYPE', KEYS[i]).ok ~= 'stream' then
    redis.call('RENAME', KEYS[i], KEYS[i + 3])
    local left = redis.call('PTTL', KEYS[i + 3])
    if left < 0 or left > tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[i + 3], ARGV[5]) end
  end
end
-- Messages that were added without a session come after the imported ones.
local later = redis.call('XRANGE', KEYS[2], '-', '+')
redis.call('DEL', KEYS[2])
local time = redis.call('TIME')
local now, seq = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)), record.count
redis.call('HSET', KEYS[1], 'generation', now, unpack(record.session))
for i = 1, #record.context, 2 do redis.call('HSET', KEYS[3], record.context[i], record.context[i + 1]) end
for _, one in ipairs(record.messages) do redis.call('XADD', KEYS[2], string.format('%d-0', one[1]), unpack(one[2])) end
for _, entry in ipairs(later) do
  seq = seq + 1
  redis.call('XADD', KEYS[2], string.format('%d-0', seq), unpack(entry[2]))
end
redis.call('HSET', KEYS[1], 'message_count', string.format('%d', seq))
if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'version', 1) end
redis.call('HSETNX', KEYS[7], 'tenant', record.tenant)
for _, i in ipairs({ 1, 2, 3, 7 }) do
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
end
return { 'imported', ARGV[4] }
