-- Who computes an answer that is not there: whoever has the flight, for as long as its lease runs.
-- Behind this: KEYS[2] the flight, ARGV[1] the lease that is wanted in ms, 0 for none, ARGV[2] what makes its token unique
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lease = tonumber(ARGV[1])

-- A token tells what epoch it began in, and when.
local function lead(epoch, ms)
  local token = epoch .. '-' .. string.format('%.0f', now) .. '-' .. ARGV[2]
  redis.call('SET', KEYS[2], token, 'PX', ms)
  return token
end

-- Returns { 'free' }: the last answer was none that may be kept, so nobody waits. { 'taken', reason, ms that its lease still runs, its
-- token, or nothing where that is of an earlier epoch: what was begun then is not for who asks now }.
-- { 'miss', reason, token and lease if the flight is the caller's now }
local function missing(reason, epoch)
  local flight = redis.call('GET', KEYS[2])
  if flight == '-' then return { 'free' } end
  if flight then
    return { 'taken', reason, redis.call('PTTL', KEYS[2]), string.match(flight, '^(%d+)%-') == epoch and flight or '' }
  end
  if lease > 0 then return { 'miss', reason, lead(epoch, lease), lease } end
  return { 'miss', reason }
end

