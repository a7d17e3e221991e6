-- Records up to which entry a trail is archived, and drops entries that need not be kept.
-- KEYS  head, stream   ARGV  number, entries kept, TTL in ms
-- Returns { 1 } when the archive has all of it
local head, stream = KEYS[1], KEYS[2]
local state = redis.call('HMGET', head, 'seq', 'archived')
if not state[1] then return { 1 } end
local seq, archived = tonumber(state[1]), math.max(tonumber(state[2] or '0'), tonumber(ARGV[1]))
redis.call('HSET', head, 'archived', string.format('%.0f', archived))
local keep_from = math.min(seq - tonumber(ARGV[2]), archived)
if keep_from > 0 then
  redis.call('XTRIM', stream, 'MINID', string.format('%.0f-0', keep_from + 1))
  redis.call('HSET', head, 'trimmed', string.format('%.0f', keep_from))
end
if archived < seq then return { 0 } end
redis.call('HDEL', head, 'dirty')
redis.call('PEXPIRE', head, ARGV[3])
redis.call('PEXPIRE', stream, ARGV[3])
return { 1 }
