-- Reads a session and its newest messages. After types.lua.
--
-- KEYS  session, context, messages, meta
-- ARGV  1 tenant ('' unchecked)   2 messages   3 only those behind this number, '' for the newest
-- Returns { 'missing' }, { 'python' } or { 'foreign <type> <key>' }, as in append.lua, or { 'not_found' } or { 'session', fields, context, messages }, the newest message first, or, behind a number,
-- the oldest
local foreign = types.foreign(KEYS[1], 'hash', KEYS[4], 'hash')
if foreign then return { foreign } end
if types.not_ours(KEYS[1]) then return { 'python' } end
local session = redis.call('HGETALL', KEYS[1])
if #session == 0 then return { 'missing' } end
foreign = types.foreign(KEYS[2], 'hash', KEYS[3], 'stream')
if foreign then return { foreign } end
if ARGV[1] ~= '' and (redis.call('HGET', KEYS[4], 'tenant') or redis.call('HGET', KEYS[1], 'tenant_id')) ~= ARGV[1] then
  return { 'not_found' }
end
local messages
if ARGV[2] == '0' then
  messages = {}
elseif ARGV[3] == '' then
  messages = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', ARGV[2])
else
  messages = redis.call('XRANGE', KEYS[3], string.format('(%s-0', ARGV[3]), '+', 'COUNT', ARGV[2])
end
return { 'session', session, redis.call('HGETALL', KEYS[2]), messages }
