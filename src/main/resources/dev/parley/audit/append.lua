-- Adds entries to a trail, if its last one is still the one that the caller has chained them to.
-- KEYS  head, stream, ids it has had [, the conversation's meta, session]
-- ARGV  1 number and 2 mac of the last entry that the caller knows (-1 when it knows none)
--       3 '1' when it has asked the archive: what is not here begins behind that entry   4 tenant   5 '1' when it must be the owner
--       6 '1' when nobody may own it yet   7 default tenant   8 entries kept   9 '1' when they are archived   10 TTL in ms
--       11 whose the archive says the trail is, '' for nobody
--       then for each entry id, field count, and field and value in turn; its mac is among them
-- Returns { 'ok', '1' when the trail is to be marked as dirty }
--         { 'moved', number, mac } of the last entry there is   { 'absent' } when only the archive may know
--         { 'known', id, number, ... } of ids that it has had already   { 'denied' }   { 'not_found' }   { 'overloaded' }
local head, stream, seen = KEYS[1], KEYS[2], KEYS[3]
local tenant, archived_mode, max = ARGV[4], ARGV[9] == '1', tonumber(ARGV[8])
local HARD, IDS, IDS_TTL, MARK_AGAIN = 10, 1000, 86400000, 600000

local seq, mac = head_of(head, stream)
local owner = owner_of(head, KEYS[4], KEYS[5], ARGV[7]) or ARGV[11] ~= '' and ARGV[11]
if ARGV[5] == '1' then
  if owner and owner ~= tenant then return { 'denied' } end
  if not owner and ARGV[6] ~= '1' then
    return { archived_mode and ARGV[3] ~= '1' and not seq and 'absent' or 'not_found' }
  end
end

local entries, at, last_mac = {}, 12, ''
while at <= #ARGV do
  local fields = {}
  for i = at + 2, at + 1 + tonumber(ARGV[at + 1]) do fields[#fields + 1] = ARGV[i] end
  entries[#entries + 1] = { id = ARGV[at], fields = fields }
  at = at + 2 + #fields
end

local known = { 'known' }
for _, entry in ipairs(entries) do
  local number = redis.call('ZSCORE', seen, entry.id)
  if number then
    known[#known + 1] = entry.id
    known[#known + 1] = number
  end
end
if #known > 1 then return known end

if not seq then
  if archived_mode and ARGV[3] ~= '1' then return { 'absent' } end
  if ARGV[3] == '1' then seq, mac = tonumber(ARGV[1]), ARGV[2] else seq, mac = 0, '' end
end
if seq ~= tonumber(ARGV[1]) or mac ~= ARGV[2] then return { 'moved', string.format('%.0f', seq), mac } end

local state = redis.call('HMGET', head, 'archived', 'dirty')
-- What is not here any more was archived: nothing of it is to be archived again.
local archived = tonumber(state[1] or (ARGV[3] == '1' and ARGV[1]) or '0')
if archived_mode and seq + #entries - archived > max * HARD then return { 'overloaded' } end

for _, entry in ipairs(entries) do
  seq = seq + 1
  redis.call('XADD', stream, string.format('%.0f-0', seq), unpack(entry.fields))
  redis.call('ZADD', seen, seq, entry.id)
  for i = 1, #entry.fields, 2 do
    if entry.fields[i] == 'mac' then last_mac = entry.fields[i + 1] end
  end
end
redis.call('HSET', head, 'seq', string.format('%.0f', seq), 'mac', last_mac, 'tenant', owner or tenant,
  'archived', string.format('%.0f', archived))
redis.call('ZREMRANGEBYRANK', seen, 0, -IDS - 1)
redis.call('PEXPIRE', seen, IDS_TTL)

local keep_from = seq - max
if archived_mode and archived < keep_from then keep_from = archived end
if redis.call('XLEN', stream) > max and keep_from > 0 then
  redis.call('XTRIM', stream, 'MINID', string.format('%.0f-0', keep_from + 1))
  redis.call('HSET', head, 'trimmed', string.format('%.0f', keep_from))
end

if not archived_mode then
  redis.call('PEXPIRE', head, ARGV[10])
  redis.call('PEXPIRE', stream, ARGV[10])
  return { 'ok', '0' }
end
-- Nothing goes before it is archived.
redis.call('PERSIST', head)
redis.call('PERSIST', stream)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if state[2] and now - tonumber(state[2]) < MARK_AGAIN then return { 'ok', '0' } end
redis.call('HSET', head, 'dirty', string.format('%.0f', now))
return { 'ok', '1' }
