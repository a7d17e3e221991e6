-- Reads entries, and the keys of those whose answer was wrong for a question; after clock.lua.
-- KEYS  the partition's entries, reports of the question   ARGV  ids
-- Returns { { reported key, … }, for each that has not expired: id, question, key }
local reply = { redis.call('SMEMBERS', KEYS[2]) }
for _, id in ipairs(ARGV) do
  local ends_at = redis.call('ZSCORE', ends, id)
  if ends_at and tonumber(ends_at) > now then
    local fields = redis.call('HMGET', entries, 'q' .. id, 'k' .. id)
    reply[#reply + 1] = id
    reply[#reply + 1] = fields[1]
    reply[#reply + 1] = fields[2]
  end
end
return reply
