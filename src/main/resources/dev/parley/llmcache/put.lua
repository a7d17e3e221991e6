-- Stores an entry; after entry.lua.
-- KEYS  entry, flight, epochs, two of flight.lua, index   ARGV  token or '', header from its fourth line on, value, ms for which it is fresh, ms for which
-- it is kept, maximum number of entries, its name in the index, prefix of an entry's key before that name
-- Returns { 'stored' }, { 'superseded' } or { 'invalidated' }
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local token, life = ARGV[1], tonumber(ARGV[5])
local epoch = redis.call('HGET', KEYS[3], '#') or '0'
if token ~= '' then
  local flight = redis.call('GET', KEYS[2])
  if flight and flight ~= token then return { 'superseded' } end
  local began, since = string.match(token, '^(%d+)%-(%d+)%-')
  if not flight then
    local other = redis.call('HGET', KEYS[1], 'h')
    if other and tonumber(header(other)[2]) >= tonumber(since) then return { 'superseded' } end
  end
  redis.call('DEL', KEYS[2])
  -- No invalidation would ever be later: such a token was never issued, or the epochs were lost since.
  if tonumber(began) > tonumber(epoch) then return { 'superseded' } end
  epoch = began
  if invalid(KEYS[3], header('\n\n\n' .. ARGV[2]), epoch) then return { 'invalidated' } end
end
local fresh = string.format('%.0f\n%.0f\n', now, now + tonumber(ARGV[4]))
redis.call('HSET', KEYS[1], 'h', epoch .. '\n' .. fresh .. ARGV[2], 'v', ARGV[3])
redis.call('PEXPIRE', KEYS[1], life)
redis.call('ZADD', KEYS[6], string.format('%.0f', now + life), ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', string.format('%.0f', now))
local many = redis.call('ZCARD', KEYS[6]) - tonumber(ARGV[6])
if many > 0 then
  local gone = redis.call('ZPOPMIN', KEYS[6], math.min(many, 100))
  for i = 1, #gone, 2 do redis.call('UNLINK', ARGV[8] .. gone[i]) end
end
if redis.call('PTTL', KEYS[6]) < life then redis.call('PEXPIRE', KEYS[6], life) end
return { 'stored' }
