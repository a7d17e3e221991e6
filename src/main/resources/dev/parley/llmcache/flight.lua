-- Decides which caller computes a missing response: the one that has the flight, until its lease ends.
-- For the scripts after this: KEYS[2] the flight, KEYS[4] how the last failed one ended, KEYS[5] whether other nodes wait for it,
-- ARGV[1] the requested lease in ms, 0 for none, ARGV[2] what makes its token unique, beginning with the node's name and a dot,
-- ARGV[3] the token of the flight that the caller waits for, or nothing
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lease = tonumber(ARGV[1])

-- A token contains the epoch in which it began, and the time.
local function lead(epoch, ms)
  local token = epoch .. '-' .. string.format('%.0f', now) .. '-' .. ARGV[2]
  redis.call('SET', KEYS[2], token, 'PX', ms)
  return token
end

-- The node's name in a token, or in what makes it unique.
local function node(unique)
  return string.match(unique, '^([^.]*)%.')
end

-- Returns { 'failed', reason, how }: the awaited flight has failed, as release.lua recorded. { 'free' }: the last
-- response may not be kept, so no caller waits. { 'taken', reason, remaining lease in ms, its token, or nothing where that
-- is of an earlier epoch, whose response is not for present callers }.
-- { 'miss', reason, token and lease if the flight is the caller's now }
local function missing(reason, epoch)
  if ARGV[3] ~= '' then
    local token, how = string.match(redis.call('GET', KEYS[4]) or '', '^([^\n]*)\n(.*)$')
    if token == ARGV[3] then return { 'failed', reason, how } end
  end
  local flight = redis.call('GET', KEYS[2])
  if flight == '-' then return { 'free' } end
  if flight then
    -- The holder of the flight reads this at each renewal.
    if lease > 0 and node(string.match(flight, '^%d+%-%d+%-(.*)$') or '') ~= node(ARGV[2]) then
      redis.call('SET', KEYS[5], '1', 'PX', 2500)
    end
    return { 'taken', reason, redis.call('PTTL', KEYS[2]), string.match(flight, '^(%d+)%-') == epoch and flight or '' }
  end
  if lease > 0 then return { 'miss', reason, lead(epoch, lease), lease } end
  return { 'miss', reason }
end

