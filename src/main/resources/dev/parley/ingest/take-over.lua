-- Registers a node as a reader of a stream, and takes the stream's lease if requested and free. Reading continues after
-- the group's last-delivered id, which is moved when entries are in the log. Entries that other kinds of readers left pending are read
-- again: the group is moved back to before them. After readers.lua and stream.lua.
-- KEYS  stream, its lease, its readers, what was read of it   ARGV  reader, lease's TTL in ms, group, '1' to take it or '0' to look
-- Returns { nodes that would read it, 'held', for how many ms }, { nodes, 'free' }
--      or { nodes, 'taken', id, how many were ever added up to it or -1, generation, '1' when the stream was deleted and made anew }
local nodes = alive(KEYS[3], ARGV[1], ARGV[2])
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return { nodes, 'held', redis.call('PTTL', KEYS[2]) } end
if not holder and ARGV[4] == '0' then return { nodes, 'free' } end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])

-- The greatest id below another.
local function just_before(id)
  local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
  if seq ~= '0' then return string.format('%s-%d', ms, seq - 1) end
  return string.format('%d-18446744073709551615', ms - 1)
end

local pending = redis.call('XPENDING', KEYS[1], ARGV[3])
if pending[1] > 0 then
  redis.call('XGROUP', 'SETID', KEYS[1], ARGV[3], just_before(pending[2]))
  for _, consumer in ipairs(pending[4]) do redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[3], consumer[1]) end
end

local stream, group = stream_state(KEYS[1]), group_state(KEYS[1], ARGV[3])
if not group then return redis.error_reply('NOGROUP the group was there a moment ago') end
local read = redis.call('HMGET', KEYS[4], 'id', 'count', 'generation')
local read_id, read_count, generation = read[1], tonumber(read[2] or -1), tonumber(read[3] or 0)

-- Neither the last id nor the count of what was added ever goes back in one stream. What comes in a new one counts as new to the logs, with
-- whatever ids; that it does is written down with the first commit, when the loss is known everywhere.
if read_id and (before(stream.last, read_id) or (stream.added >= 0 and stream.added < read_count)) then
  return { nodes, 'taken', group.id, not group.count and stream.gone or group.count, number(generation + 1), '1' }
end

local id, count = group.id, group.count
if id == '0-0' and not count and read_id and read_count >= 0 then
  -- Only the group was deleted: the progress is known.
  id, count = read_id, read_count
elseif not count and stream.added >= 0 then
  -- A new group, or one of another kind of reader: earlier removals are not its loss.
  if stream.first == '' or before(id, stream.first) then
    count = stream.gone
  elseif stream.last == id then
    count = stream.added
  end
end
if count then redis.call('XGROUP', 'SETID', KEYS[1], ARGV[3], id, 'ENTRIESREAD', number(count)) end
return { nodes, 'taken', id, count or -1, number(generation), '0' }
