-- Tries whether this user may run each command that Parley needs, and deletes everything that it makes.
--
-- KEYS  one that does not exist, then one of each other kind that a conversation has, all missing and on one slot
-- ARGV  PUBLISH or SPUBLISH, a live channel, a control channel
-- Returns for each command that fails: its purpose, the command, the error. Purposes: conversations, streams, or rest (the archive, audit,
--         leaderboards, limits, the cache).
local k = KEYS[1]

-- Commands that change nothing on a missing key.
local harmless = {
  conversations = {
    { 'TIME' }, { 'EXISTS', k }, { 'GET', k }, { 'GETRANGE', k, 0, 0 }, { 'PTTL', k }, { 'PEXPIRE', k, 1 },
    { 'HGET', k, '' }, { 'HMGET', k, '' }, { 'HGETALL', k }, { 'HKEYS', k }, { 'HEXISTS', k, '' }, { 'HDEL', k, '' },
    { 'XLEN', k }, { 'XRANGE', k, '-', '+', 'COUNT', 1 }, { 'XREVRANGE', k, '+', '-', 'COUNT', 1 }, { 'XTRIM', k, 'MAXLEN', 1 },
    { 'TYPE', k }, { 'STRLEN', k }, { 'HLEN', k }, { 'ZMSCORE', k, '' }, { 'ZREM', k, '' },
    { 'ZSCORE', k, '' }, { 'ZREMRANGEBYRANK', k, 0, 0 }, { ARGV[1], ARGV[2], '' }, { 'PUBLISH', ARGV[3], '' },
  },
  streams = {
    { 'XREAD', 'COUNT', 1, 'STREAMS', k, '0' }, { 'ZCARD', k }, { 'ZREMRANGEBYSCORE', k, 0, 0 },
  },
  rest = {
    { 'HSTRLEN', k, '' }, { 'LLEN', k }, { 'LRANGE', k, 0, 0 }, { 'PERSIST', k }, { 'EXPIREAT', k, 1 }, { 'PEXPIREAT', k, 1 }, { 'UNLINK', k },
    { 'SCARD', k }, { 'SISMEMBER', k, '' }, { 'SMEMBERS', k }, { 'SPOP', k },
    { 'ZRANGE', k, 0, 0 }, { 'ZRANGEBYSCORE', k, 0, 0 }, { 'ZREVRANGE', k, 0, 0 }, { 'ZREVRANGEBYSCORE', k, 0, 0 },
    { 'ZUNION', 1, k }, { 'ZPOPMIN', k }, { 'SCAN', '0', 'COUNT', 1 },
  },
}
for i = 2, #KEYS do table.insert(harmless.conversations, { 'PEXPIRE', KEYS[i], 1 }) end

-- Commands that need or make a key of some type. After each list the key is deleted.
local making = {
  { { 'streams', 'SET', k, '', 'PX', 1000 }, { 'conversations', 'APPEND', k, '' }, { 'rest', 'RENAME', k, k } },
  { { 'conversations', 'HSET', k, '', '' }, { 'conversations', 'HSETNX', k, '', '' }, { 'conversations', 'HINCRBY', k, 'n', 1 } },
  { { 'conversations', 'ZADD', k, 0, '' }, { 'rest', 'ZINCRBY', k, 0, '' } },
  { { 'rest', 'SADD', k, '' } },
  {
    { 'conversations', 'XADD', k, '*', '', '' }, { 'streams', 'XGROUP', 'CREATE', k, '-', '$' }, { 'streams', 'XGROUP', 'SETID', k, '-', '$' },
    { 'conversations', 'XINFO', 'GROUPS', k }, { 'streams', 'XINFO', 'STREAM', k }, { 'conversations', 'XPENDING', k, '-' },
    { 'rest', 'XREADGROUP', 'GROUP', '-', '-', 'COUNT', 1, 'STREAMS', k, '>' }, { 'rest', 'XACK', k, '-', '0-1' },
    { 'rest', 'XAUTOCLAIM', k, '-', '-', 0, '0', 'COUNT', 1 }, { 'streams', 'XGROUP', 'DELCONSUMER', k, '-', '-' }, { 'rest', 'XDEL', k, '0-1' },
  },
}

local refused = {}

-- Whether Redis has run the command.
local function try(whose, command)
  local reply = redis.pcall(unpack(command))
  if type(reply) ~= 'table' or not reply.err then return true end
  local name = command[1]
  if name == 'XGROUP' or name == 'XINFO' then name = name .. '|' .. command[2] end
  refused[#refused + 1] = { whose, name, reply.err }
  return false
end

-- First, because Redis does not report that it is out of memory to a script that has written. Makes nothing.
try('conversations', { 'XADD', k, 'NOMKSTREAM', '*', '', '' })
for whose, commands in pairs(harmless) do
  for _, command in ipairs(commands) do try(whose, command) end
end
if try('conversations', { 'DEL', k }) then
  for _, commands in ipairs(making) do
    for _, command in ipairs(commands) do try(table.remove(command, 1), command) end
    redis.pcall('DEL', k)
  end
end
return refused
