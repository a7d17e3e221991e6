-- Renews a lease, and moves the group past the entries that are in the log. After readers.lua and stream.lua.
-- KEYS  stream, its lease, its readers, what was read of it   ARGV  reader, lease's TTL in ms, group, id of the last entry that was taken
--       since the last commit or '', '1' to say that it lives, id of the last entry that was ever taken, how many were ever added up to
--       it or -1, generation
-- Returns { 0 } when the lease is not this reader's any more: then nothing is moved. Else { 1 }, or, when it said that it lives,
--         { 1, nodes that would read the stream, how many were ever added up to the last entry that was taken: -1 for no news }
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 0 } end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local function move(id, count)
  if tonumber(count) < 0 then
    redis.call('XGROUP', 'SETID', KEYS[1], ARGV[3], id)
  else
    redis.call('XGROUP', 'SETID', KEYS[1], ARGV[3], id, 'ENTRIESREAD', count)
  end
end
if ARGV[4] ~= '' then move(ARGV[4], ARGV[7]) end
if ARGV[5] == '0' then return { 1 } end

-- Where nothing is unread the count is known, whatever was deleted before it was read.
local count, news = ARGV[7], -1
if redis.call('EXISTS', KEYS[1]) == 1 then
  local stream = stream_state(KEYS[1])
  if stream.last == ARGV[6] and stream.added >= 0 then
    count, news = number(stream.added), stream.added
    if count ~= ARGV[7] then move(ARGV[6], count) end
  end
end
redis.call('HSET', KEYS[4], 'id', ARGV[6], 'count', count, 'generation', ARGV[8])
return { 1, alive(KEYS[3], ARGV[1], ARGV[2]), news }
