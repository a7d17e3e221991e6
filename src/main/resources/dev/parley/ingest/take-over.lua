-- Takes a stream's lease when nobody else has it, and says where to read on: behind the group's last-delivered id, which is moved when
-- entries are in the log. What readers of another kind have left pending is read again: the group is moved back to before it.
-- KEYS  stream, its lease   ARGV  reader, lease's TTL in ms, group   Returns { id } or, when somebody else has the lease, {}
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return {} end
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
  if fields.name == ARGV[3] then return { fields['last-delivered-id'] } end
end
return redis.error_reply('NOGROUP the group was there a moment ago')
