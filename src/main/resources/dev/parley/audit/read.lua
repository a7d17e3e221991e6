-- Reads a page of a trail.
-- KEYS  head, stream [, the conversation's meta, session]
-- ARGV  tenant, '1' when it must be the owner, default tenant, after, before (numbers; '' for none), most entries, '1' for the newest first
-- Returns { 'denied' }   { 'absent' } when nothing is here   { 'here', last number ('' when there is no head), its mac, trimmed, first number here, entries }
local owner = owner_of(KEYS[1], KEYS[3], KEYS[4], ARGV[3])
if ARGV[2] == '1' and owner and owner ~= ARGV[1] then return { 'denied' } end
local head = redis.call('HMGET', KEYS[1], 'seq', 'mac', 'trimmed')
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
if not first and not head[1] then
  -- The owner may be known nevertheless: then the archive need not be asked.
  return { 'absent', owner and '1' or '0' }
end
local from = ARGV[4] == '' and '-' or '(' .. ARGV[4] .. '-0'
local to = ARGV[5] == '' and '+' or '(' .. ARGV[5] .. '-0'
local entries
if ARGV[7] == '1' then
  entries = redis.call('XREVRANGE', KEYS[2], to, from, 'COUNT', ARGV[6])
else
  entries = redis.call('XRANGE', KEYS[2], from, to, 'COUNT', ARGV[6])
end
return { 'here', head[1] or '', head[2] or '', head[3] or '0', first and string.match(first[1], '^%d+') or '', entries }
