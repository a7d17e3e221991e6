-- Settles a reservation, once; after bucket.lua.
-- KEYS  bucket, receipt   ARGV  units that drain in a microsecond, what was used
-- Returns { 1 when it is settled, 0 when there is none, -1 when it was settled with another use, -2 when the receipt is not
-- a reservation's, reserved, level }
local receipt = redis.call('GET', KEYS[2])
if not receipt then return { 0 } end
local reserved, at, settled = string.match(receipt, '^(%S+) (%S+) (%S+)$')
if settled == 'taken' then return { -2 } end
local level, since = read()
if settled == '-' then
  local more = tonumber(ARGV[2]) - tonumber(reserved)
  -- If the bucket was empty since, the reservation has drained: nothing of it can be returned.
  if more > 0 or tonumber(at) >= since then
    level = math.max(0, level + more)
    write(level, since)
  end
  redis.call('SET', KEYS[2], reserved .. ' ' .. at .. ' ' .. ARGV[2], 'KEEPTTL')
elseif settled ~= ARGV[2] then
  return { -1 }
end
return { 1, reserved, string.format('%.17g', level) }
