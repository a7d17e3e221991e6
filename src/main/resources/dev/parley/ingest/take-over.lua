-- Says that a node would read a stream, and takes the stream's lease when that is wanted and nobody else has it. Where to read on: behind
-- the group's last-delivered id, which is moved when entries are in the log. What readers of another kind have left pending is read
-- again: the group is moved back to before it. Behind readers.lua.
-- KEYS  stream, its lease, its readers   ARGV  reader, lease's TTL in ms, group, '1' to take it or '0' to look
-- Returns { nodes that would read it, 'held', for how many ms }, { nodes, 'free' } or { nodes, 'taken', id }
local nodes = alive(KEYS[3], ARGV[1], ARGV[2])
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return { nodes, 'held', redis.call('PTTL', KEYS[2]) } end
if not holder and ARGV[4] == '0' then return { nodes, 'free' } end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])

-- The greatest id below another.
local function before(id)
  local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
  if seq ~= '0' then return string.format('%s-%d', ms, seq - 1) end
  return string.format('%d-18446744073709551615', ms - 1)
end

local pending = redis.call('XPENDING', KEYS[1], ARGV[3])
if pending[1] > 0 then
  redis.call('XGROUP', 'SETID', KEYS[1], ARGV[3], before(pending[2]))
  for _, consumer in ipairs(pending[4]) do redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[3], consumer[1]) end
end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local fields = {}
  for i = 1, #group, 2 do fields[group[i]] = group[i + 1] end
  if fields.name == ARGV[3] then return { nodes, 'taken', fields['last-delivered-id'] } end
end
return redis.error_reply('NOGROUP the group was there a moment ago')
