-- Does nothing if the log records a loss already. append.lua and broken.lua follow.
--
-- KEYS, ARGV  those of append.lua for one event, the break; after them, the time of the loss
-- Returns {} in that case, otherwise what append.lua does
do
  local prefix = ARGV[11]
  local tag = string.sub(KEYS[1], #prefix + #'events:conv:' + 1)
  local known = redis.call('HGET', prefix .. 'meta:conv:' .. tag, 'break')
  if known and tonumber(string.match(known, '^%d+')) >= tonumber(ARGV[#ARGV]) then return {} end
end
