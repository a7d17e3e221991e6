-- Adds what the original Python code has counted on a day, except what was added before; after date.lua.
-- KEYS  a tenant's leaderboards   ARGV  day (from 1970-01-01), days kept, most agents of a day, then for each agent: name, resolutions,
-- milliseconds, all
-- Returns { number of agents with an addition }
local day = tonumber(ARGV[1])
local ends = (day + 1 + tonumber(ARGV[2])) * 86400
if ends <= tonumber(redis.call('TIME')[1]) then return { 0 } end
local boards = { key(day, 'resolutions'), key(day, 'total_time'), key(day, 'total_count') }
-- By agent what was added before: '<resolutions> <milliseconds> <all>'.
local imported, added = key(day, 'imported'), 0
for at = 4, #ARGV, 4 do
  local agent, had = ARGV[at], { 0, 0, 0 }
  local before = redis.call('HGET', imported, agent)
  if before then had = { string.match(before, '^(%d+) (%d+) (%d+)$') } end
  local new = tonumber(ARGV[at + 3]) > tonumber(had[3])
  if new and (redis.call('ZSCORE', boards[3], agent) or redis.call('ZCARD', boards[3]) < tonumber(ARGV[3])) then
    for i = 1, 3 do redis.call('ZINCRBY', boards[i], math.max(0, ARGV[at + i] - had[i]), agent) end
    redis.call('HSET', imported, agent, table.concat(ARGV, ' ', at + 1, at + 3))
    added = added + 1
  end
end
if added > 0 then
  for _, board in ipairs(boards) do redis.call('EXPIREAT', board, ends) end
  redis.call('EXPIREAT', imported, ends)
  redis.call('SET', key(day, 'dirty'), 1, 'EXAT', ends)
end
return { added }
