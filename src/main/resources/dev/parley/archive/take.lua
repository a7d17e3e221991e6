-- Takes marks of items to be archived: those that another archiver has left for too long, then new ones.
-- KEYS  marks   ARGV  consumer, maximum number of marks (0 only reads), ms that another archiver may take
-- Returns { number of marks, age of the oldest in ms, marks, number of these that another archiver left }
local function claim()
  return redis.pcall('XAUTOCLAIM', KEYS[1], 'archiver', ARGV[1], ARGV[3], '0', 'COUNT', ARGV[2])
end
local claimed = ARGV[2] == '0' and { '', {} } or claim()
if claimed.err and string.find(claimed.err, 'NOGROUP', 1, true) then
  redis.call('XGROUP', 'CREATE', KEYS[1], 'archiver', '0', 'MKSTREAM')
  claimed = claim()
end
if claimed.err then return claimed end
local marks = claimed[2]
local left = #marks
if #marks < tonumber(ARGV[2]) then
  local new = redis.call('XREADGROUP', 'GROUP', 'archiver', ARGV[1], 'COUNT', tonumber(ARGV[2]) - #marks, 'STREAMS', KEYS[1], '>')
  if new then
    for _, mark in ipairs(new[1][2]) do marks[#marks + 1] = mark end
  end
end
local oldest, age = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1], 0
if oldest then
  local time = redis.call('TIME')
  age = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(string.match(oldest[1], '^%d+'))
end
return { redis.call('XLEN', KEYS[1]), math.max(0, age), marks, left }
