-- The oldest entries of a trail that the archive may not have.
-- KEYS  head, stream   ARGV  most entries
-- Returns { entries }
local archived = redis.call('HGET', KEYS[1], 'archived') or '0'
return { redis.call('XRANGE', KEYS[2], '(' .. archived .. '-0', '+', 'COUNT', ARGV[1]) }
