-- Settles a reservation, once; behind bucket.lua.
-- KEYS  bucket, receipt   ARGV  units that drain in a microsecond, what was used
-- Returns { 1 when it is settled so, 0 when there is none, -1 when it was settled otherwise, -2 when it is
-- no reservation's, reserved, level }
local receipt = redis.call('GET', KEYS[2])
if not receipt then return { 0 } end
local reserved, at, settled = string.match(receipt, '^(%S+) (%S+) (%S+)$')
if settled == 'taken' then return { -2 } end
local level, since = read()
if settled == '-' then
  local more = tonumber(ARGV[2]) - tonumber(reserved)
  -- When the bucket was empty since, the reservation has drained: there is nothing left of it to give back.
  if more > 0 or tonumber(at) >= since then
    level = math.max(0, level + more)
    write(level, since)
  end
  redis.call('SET', KEYS[2], reserved .. ' ' .. at .. ' ' .. ARGV[2], 'KEEPTTL')
elseif settled ~= ARGV[2] then
  return { -1 }
end
return { 1, reserved, string.format('%.17g', level) }
