-- Reads what a joining subscription needs: the events after a position that is proved to be in the log, or a snapshot. After types.lua and
-- silence.lua.
--
-- KEYS  log, meta, runs, session, messages
-- ARGV  1 since, '' for none   2 most events missed   3 most bytes missed   4 events a page   5 bytes a page
--       6 tenant ('' unchecked)   7 '1' when a conversation that does not exist may be read   8 messages   9 default tenant
--       10 lease of a run that declares none, in ms   11 when durable streams have last lost events, in ms, 0 for never
--       12 how long a conversation without any event is kept, in ms
-- The first word ends with '?' if the conversation is unknown: a session in the original Python format may be found for it.
-- Returns { 'not_found' } or { 'python' }: a session of that format is under Parley's own key; or { 'foreign <type> <key>' }: something of
--                                                   another type is under one of the keys
--      or { 'unbroken' }                            the log does not record that loss yet: break.lua must come first
--      or { 'events', last, entries, pending }      a page of them, the last one of all is that at last;
--                                                   pending: '1' when a message may not have reached its inbox
--      or { 'snapshot', last, gap reason or '', first, session, messages, runs, texts, pending, due }
--                                                   due: '1' when the lease of a run seems to be over
local log, meta, runs, session, messages = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local since, tenant = ARGV[1], ARGV[6]

-- The counts up to an entry, bytes and events: its second field is '<bytes> <events>', with ' <event id>' behind it if it has one.
local function counts_of(entry)
  local bytes, events = string.match(entry[2][4], '^(%d+) (%d+)')
  return tonumber(bytes), tonumber(events)
end

local foreign = types.foreign(log, 'stream', meta, 'hash', runs, 'hash', session, 'hash')
if foreign then return { foreign } end
if types.not_ours(session) then return { 'python' } end

local m = redis.call('HMGET', meta, 'log', 'tenant', 'break', 'born')
local last, bytes, events = nil, 0, 0
if m[1] then
  last, bytes, events = string.match(m[1], '^(%S+) (%d+) (%d+)$')
  bytes, events = tonumber(bytes), tonumber(events)
else
  local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  if newest then
    last = newest[1]
    bytes, events = counts_of(newest)
  end
end
local exists = last or redis.call('EXISTS', session) == 1
local unknown = exists and '' or '?'
foreign = types.foreign(messages, 'stream')
if foreign then return { foreign .. unknown } end
if tenant ~= '' then
  if not exists then
    if ARGV[7] ~= '1' then return { 'not_found' .. unknown } end
  else
    local owner = m[2] or redis.call('HGET', session, 'tenant_id') or ARGV[9]
    if owner ~= tenant then return { 'not_found' } end
  end
end

-- A loss may concern any conversation that existed then, or began shortly after with events that followed the loss.
local lost, shortly, unprovable = tonumber(ARGV[11]), 600000, false
local told, broken_at = string.match(m[3] or '', '^(%d+) (%S+)$')
if lost > tonumber(told or 0) then
  if not last then
    -- There is no log to record it: no client resumes from before the first event.
    unprovable = silence.now() < lost + tonumber(ARGV[12])
  elseif not m[4] or tonumber(m[4]) < lost + shortly then
    return { 'unbroken' }
  end
end
last = last or '0'

local pending = '0'
for _, field in ipairs(redis.call('HKEYS', meta)) do
  if string.sub(field, 1, 6) == 'inbox ' then pending = '1' break end
end

local function before(a, b)
  local ams, aseq = string.match(a, '^(%d+)-?(%d*)$')
  local bms, bseq = string.match(b, '^(%d+)-?(%d*)$')
  ams, bms, aseq, bseq = tonumber(ams), tonumber(bms), tonumber(aseq) or 0, tonumber(bseq) or 0
  return ams < bms or (ams == bms and aseq < bseq)
end

-- The counts (bytes, events) at a position that is in the log, or nil and why not.
local function prove(first)
  if unprovable or (broken_at and before(since, broken_at)) then return nil, 'stream_trimmed' end
  if since == '0' then
    if not first then
      if last == '0' then return 0, 0 end
      return nil, 'trimmed'
    end
    local _, number = counts_of(first)
    if number == 1 then return 0, 0 end
    return nil, 'trimmed'
  end
  local entry = redis.call('XRANGE', log, since, since)[1]
  if entry then return counts_of(entry) end
  if last ~= '0' and before(last, since) then return nil, 'future' end
  if not first or before(since, first[1]) then return nil, 'trimmed' end
  return nil, 'lost'
end

-- The first of the entries that fit a page together, one at least.
local function page(entries, had_bytes)
  local fitting = {}
  for i, entry in ipairs(entries) do
    if i > 1 and counts_of(entry) - had_bytes > tonumber(ARGV[5]) then break end
    fitting[i] = entry
  end
  return fitting
end

local reason, first_id = '', '0'
if since ~= '' then
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  if first then first_id = first[1] end
  local had_bytes, had_events = prove(first)
  if had_bytes then
    if events - had_events <= tonumber(ARGV[2]) and bytes - had_bytes <= tonumber(ARGV[3]) then
      local from = since == '0' and '-' or '(' .. since
      return { 'events' .. unknown, last, page(redis.call('XRANGE', log, from, '+', 'COUNT', ARGV[4]), had_bytes), pending }
    end
    reason = 'limit'
  else
    reason = had_events
  end
end

local in_progress, texts, due = redis.call('HGETALL', runs), {}, '0'
for i = 1, #in_progress, 2 do
  if string.find(in_progress[i], '^r [^\n]*\n') then
    local run = string.sub(in_progress[i], 3)
    if due == '0' then
      local known, lease = silence.known(runs, run, in_progress[i + 1], ARGV[10])
      if known + lease <= silence.now() then due = '1' end
    end
    texts[#texts + 1] = run
    texts[#texts + 1] = redis.call('GET', runs .. ':' .. run) or redis.call('HGET', runs, 'x ' .. run) or ''
  end
end
return { 'snapshot' .. unknown, last, reason, first_id, redis.call('HGETALL', session),
         redis.call('XREVRANGE', messages, '+', '-', 'COUNT', ARGV[8]), in_progress, texts, pending, due }
