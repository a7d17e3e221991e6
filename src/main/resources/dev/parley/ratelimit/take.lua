-- Takes a cost from a bucket, if it fits; after bucket.lua.
-- KEYS  bucket, receipt if there is one   ARGV  units that drain in a microsecond, burst, cost, and for a receipt: 'taken', or '-'
-- for a reservation, its TTL in ms
-- Returns { 1 when it is taken, 0 when it does not fit, -1 when its receipt has another cost, -2 when the receipt is a reservation's and
-- this is none, or the reverse, level }
local burst, cost = tonumber(ARGV[2]), tonumber(ARGV[3])
local level, since = read()
local before = KEYS[2] and redis.call('GET', KEYS[2])
if before then
  local cost, settled = string.match(before, '^(%S+) %S+ (%S+)$')
  if (settled == 'taken') ~= (ARGV[4] == 'taken') then return { -2 } end
  return { cost == ARGV[3] and 1 or -1, string.format('%.17g', level) }
end
-- The millionth is a tolerance for levels that have drained by fractions.
if level + cost > burst + 1e-6 then return { 0, string.format('%.17g', level) } end
write(level + cost, since)
if KEYS[2] then
  redis.call('SET', KEYS[2], string.format('%s %.0f %s', ARGV[3], now, ARGV[4]), 'PX', ARGV[5])
end
return { 1, string.format('%.17g', level + cost) }
