-- Adds a dead letter under its source's id, once: a reader that takes over may come to that entry again.
-- KEYS  dead letters   ARGV  source id, newest ones kept, then fields and values in turn   Returns { 1 }, or { 0 } when it was there
if redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1] then return { 0 } end
local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], ARGV[1], unpack(ARGV, 3))
if type(added) == 'table' then
  -- A later one is there already.
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 3))
end
return { 1 }
