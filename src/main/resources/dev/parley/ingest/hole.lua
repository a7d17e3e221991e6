-- Decides, when the last read entry is gone from the stream, whether entries after it may be lost unread. After stream.lua.
-- KEYS  stream, its lease   ARGV  reader, group, id of the entry that was read last
-- Returns { 0 } when the lease is not this reader's any more
--      or { 1, '1' when the stream begins after that entry or is empty, first entry's id or '', removed entries or -1 }
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 0 } end
if redis.call('EXISTS', KEYS[1]) == 0 or not group_state(KEYS[1], ARGV[2]) then
  return redis.error_reply('NOGROUP the stream was deleted')
end
local stream = stream_state(KEYS[1])
local behind = stream.first == '' or before(ARGV[3], stream.first)
return { 1, behind and '1' or '0', stream.first, stream.gone }
