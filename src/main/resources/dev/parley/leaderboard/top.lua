-- The figures of agents that may be among the first of a day, or of several days taken together; after date.lua.
-- KEYS  a tenant's leaderboards   ARGV  the last day (counted from 1970-01-01, or today), how many days, how many places
-- Returns { the last day's date, then for each agent: name, resolutions, milliseconds, all }: as many as there are places, and all that
-- have resolved as much as the last of them
local last = tonumber(ARGV[1]) or today
local days, places = tonumber(ARGV[2]), tonumber(ARGV[3])
local PART = 1000 -- Lua's stack takes some 8,000 arguments

local function keys(what)
  local all = {}
  for day = last - days + 1, last do all[#all + 1] = key(day, what) end
  return all
end

local agents, resolutions = {}, {}
local function add(agent, score) agents[#agents + 1], resolutions[#resolutions + 1] = agent, tonumber(score) end

if days == 1 then
  local board = key(last, 'resolutions')
  local least = redis.call('ZREVRANGE', board, places - 1, places - 1, 'WITHSCORES')[2] or '-inf'
  local found = redis.call('ZREVRANGEBYSCORE', board, '+inf', least, 'WITHSCORES')
  for i = 1, #found, 2 do add(found[i], found[i + 1]) end
else
  local union = { 'ZUNION', days }
  for _, board in ipairs(keys('resolutions')) do union[#union + 1] = board end
  union[#union + 1] = 'WITHSCORES'
  -- Lowest first.
  local found = redis.call(unpack(union))
  for i = #found - 1, 1, -2 do
    if #agents >= places and tonumber(found[i + 1]) < resolutions[#resolutions] then break end
    add(found[i], found[i + 1])
  end
end

local function sums(what)
  local sum = {}
  for i = 1, #agents do sum[i] = 0 end
  for _, board in ipairs(keys(what)) do
    for from = 1, #agents, PART do
      local scores = redis.call('ZMSCORE', board, unpack(agents, from, math.min(from + PART - 1, #agents)))
      for i = 1, #scores do
        if scores[i] then sum[from + i - 1] = sum[from + i - 1] + tonumber(scores[i]) end
      end
    end
  end
  return sum
end

local time, all = sums('total_time'), sums('total_count')
local reply = { date(last) }
for i, agent in ipairs(agents) do
  reply[#reply + 1] = agent
  reply[#reply + 1] = string.format('%.0f', resolutions[i])
  reply[#reply + 1] = string.format('%.0f', time[i])
  reply[#reply + 1] = string.format('%.0f', all[i])
end
return reply
