-- Counts a resolved or failed conversation for today; after date.lua.
-- KEYS  a tenant's leaderboards   ARGV  agent, 1 (resolved) or 0, milliseconds, key that counts once or '', its TTL in ms, days kept,
-- most agents of a day
-- Returns { 1 when it was counted, 0 when it had been, -1 when there are too many agents, date, resolutions, all }
local agent = ARGV[1]
-- Neither has a space in it.
local seen = ARGV[4] ~= '' and KEYS[1] .. ':seen:' .. agent .. ' ' .. ARGV[4]
local counted = seen and redis.call('GET', seen)
if counted then
  return { 0, date(counted), redis.call('ZSCORE', key(counted, 'resolutions'), agent) or '0',
    redis.call('ZSCORE', key(counted, 'total_count'), agent) or '0' }
end

local resolutions, time, count = key(today, 'resolutions'), key(today, 'total_time'), key(today, 'total_count')
if redis.call('ZCARD', count) >= tonumber(ARGV[7]) and not redis.call('ZSCORE', count, agent) then return { -1 } end
if seen then redis.call('SET', seen, today, 'PX', ARGV[5]) end
-- Who has only failed has a place, too: 0 is written as well.
local resolved = redis.call('ZINCRBY', resolutions, ARGV[2], agent)
redis.call('ZINCRBY', time, ARGV[2] == '1' and ARGV[3] or 0, agent)
local all = redis.call('ZINCRBY', count, 1, agent)
local ends = (today + 1 + tonumber(ARGV[6])) * 86400
for _, board in ipairs({ resolutions, time, count }) do redis.call('EXPIREAT', board, ends) end
redis.call('SET', key(today, 'dirty'), 1, 'EXAT', ends)
return { 1, date(today), resolved, all }
