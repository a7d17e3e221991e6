-- Counts the entries of a part of the index that belong to a scope; after entry.lua.
-- KEYS  index, epochs   ARGV  first and last rank, prefix of an entry's key before its name, field
-- Returns { entries read, entries that belong to it }
local names = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2])
local matching = 0
for _, name in ipairs(names) do
  local text = redis.call('HGET', ARGV[3] .. name, 'h')
  local lines = text and header(text)
  if lines and not invalid(KEYS[2], lines, lines[1]) then
    local belongs = ARGV[4] == '*' or ARGV[4] == 'm:' .. lines[8] or ARGV[4] == 'n:' .. lines[9]
    for i = 10, #lines do belongs = belongs or ARGV[4] == 't:' .. lines[i] end
    if belongs then matching = matching + 1 end
  end
end
return { #names, matching }
