-- Decides that nothing is to be done where the log says of a loss already. append.lua and broken.lua stand behind this.
--
-- KEYS, ARGV  those of append.lua for one event, the break; behind them, when the loss was
-- Returns {} where that is so, else what append.lua does
do
  local prefix = ARGV[11]
  local tag = string.sub(KEYS[1], #prefix + #'events:conv:' + 1)
  local known = redis.call('HGET', prefix .. 'meta:conv:' .. tag, 'break')
  if known and tonumber(string.match(known, '^%d+')) >= tonumber(ARGV[#ARGV]) then return {} end
end
