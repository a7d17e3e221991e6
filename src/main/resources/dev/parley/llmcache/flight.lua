-- Who computes an answer that is not there: whoever has the flight, for as long as its lease runs.
-- Behind this: KEYS[2] the flight, KEYS[4] how the last one ended that failed, KEYS[5] whether other nodes wait for it,
-- ARGV[1] the lease that is wanted in ms, 0 for none, ARGV[2] what makes its token unique, the node's name with a dot behind it first,
-- ARGV[3] the token of the flight that the caller waits for, or nothing
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lease = tonumber(ARGV[1])

-- A token tells what epoch it began in, and when.
local function lead(epoch, ms)
  local token = epoch .. '-' .. string.format('%.0f', now) .. '-' .. ARGV[2]
  redis.call('SET', KEYS[2], token, 'PX', ms)
  return token
end

-- Of a node's name in a token, or in what makes it unique.
local function node(unique)
  return string.match(unique, '^([^.]*)%.')
end

-- Returns { 'failed', reason, how }: the flight that the caller waits for has failed, as release.lua was told. { 'free' }: the last
-- answer was none that may be kept, so nobody waits. { 'taken', reason, ms that its lease still runs, its token, or nothing where that
-- is of an earlier epoch: what was begun then is not for who asks now }.
-- { 'miss', reason, token and lease if the flight is the caller's now }
local function missing(reason, epoch)
  if ARGV[3] ~= '' then
    local token, how = string.match(redis.call('GET', KEYS[4]) or '', '^([^\n]*)\n(.*)$')
    if token == ARGV[3] then return { 'failed', reason, how } end
  end
  local flight = redis.call('GET', KEYS[2])
  if flight == '-' then return { 'free' } end
  if flight then
    -- Whoever has the flight asks for this each time that it renews it.
    if lease > 0 and node(string.match(flight, '^%d+%-%d+%-(.*)$') or '') ~= node(ARGV[2]) then
      redis.call('SET', KEYS[5], '1', 'PX', 2500)
    end
    return { 'taken', reason, redis.call('PTTL', KEYS[2]), string.match(flight, '^(%d+)%-') == epoch and flight or '' }
  end
  if lease > 0 then return { 'miss', reason, lead(epoch, lease), lease } end
  return { 'miss', reason }
end

