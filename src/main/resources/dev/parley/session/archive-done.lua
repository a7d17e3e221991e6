-- Records that a session was archived as it was read: archived messages may be dropped here.
--
-- KEYS  session, context, messages
-- ARGV  1 generation   2 version that was read, '' for none   3 last message that the record has   4 messages kept   5 TTL in ms
--       6 '1' when messages were left out
-- Returns { '1' when there is more to be archived, else '0' }
local s = redis.call('HMGET', KEYS[1], 'generation', 'version', 'message_count', 'archived_seq', 'last_activity')
if not s[1] and not s[3] or (s[1] or '') ~= ARGV[1] then return { '0' } end
local archived = math.max(tonumber(s[4] or 0), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'archived_seq', string.format('%d', archived))
local keep = math.min(archived, tonumber(s[3] or 0) - tonumber(ARGV[4])) + 1
if keep > 1 then redis.call('XTRIM', KEYS[3], 'MINID', string.format('%d-0', keep)) end
if (s[2] or '') ~= ARGV[2] or ARGV[6] == '1' then return { '1' } end
redis.call('HSET', KEYS[1], 'version', s[2] or '0', 'archived', s[2] or '0')
local time = redis.call('TIME')
local idle = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(s[5] or 0)
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, math.max(1000, tonumber(ARGV[5]) - idle)) end
return { '0' }
