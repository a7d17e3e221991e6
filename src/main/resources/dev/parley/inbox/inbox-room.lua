-- Makes room in a full inbox by dropping what every consumer group has acknowledged, never what is unread.
-- KEYS  inbox   ARGV  most entries
-- Returns { 1 } when there is room, { 0 } when not
local max = tonumber(ARGV[1])
if redis.call('XLEN', KEYS[1]) < max then return { 1 } end

local function number(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

-- The first id that a group still needs: its oldest pending one, else the one after the last it was given.
local function needed(name, delivered)
  local pending = redis.call('XPENDING', KEYS[1], name)
  if pending[1] > 0 then return number(pending[2]) end
  local ms, seq = number(delivered)
  return ms, seq + 1
end

local low_ms, low_seq
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local info = {}
  for i = 1, #group, 2 do info[group[i]] = group[i + 1] end
  local ms, seq = needed(info['name'], info['last-delivered-id'])
  if not low_ms or ms < low_ms or (ms == low_ms and seq < low_seq) then low_ms, low_seq = ms, seq end
end
if low_ms then redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-%.0f', low_ms, low_seq)) end
return { redis.call('XLEN', KEYS[1]) < max and 1 or 0 }
