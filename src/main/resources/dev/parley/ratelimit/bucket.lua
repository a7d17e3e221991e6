-- GCRA as its continuous-state leaky bucket (ITU-T I.371, annex A): the level is the used part of the burst, and drains at the limit's
-- rate. Times are in microseconds.
-- KEYS  bucket, receipt   ARGV  units that drain in a microsecond, …
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local rate = tonumber(ARGV[1])

-- The present level, and the time since which the bucket has not been empty. A clock that goes back, after a failover, drains nothing.
local function read()
  local state = redis.call('GET', KEYS[1])
  if not state then return 0, now end
  local level, at, since = string.match(state, '^(%S+) (%S+) (%S+)$')
  level = tonumber(level) - math.max(0, now - tonumber(at)) * rate
  if level <= 0 then return 0, now end
  return level, tonumber(since)
end

local function write(level, since)
  if level <= 0 then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], string.format('%.17g %.0f %.0f', level, now, since),
      'PX', string.format('%.0f', math.ceil(level / rate / 1000) + 1))
  end
end

