-- Appends a batch of events of one or more conversations of one slot, each conversation on its own: what is wrong with one of them
-- costs the others nothing.
--
-- KEYS  per conversation: log, meta, seen, runs, session, messages, live channel, control channel
-- ARGV  1 newest entries kept   2 bytes kept   3 TTL in ms   4 event ids remembered   5 longest text of a run
--       6 messages kept   7 default agent   8 default tenant   9 PUBLISH or SPUBLISH   10 source stream or ''
--       then per event: conversation (1-based), kind, event_id, run, agent, message_id, text, extra, source id, tenant, event
--       tenant is '', '=name' (the conversation must belong to it) or '+name' (an unbound one becomes its)
-- Returns per event a string:
--       '+<position> <agent>'  appended
--       '=<position> <agent>'  it was there already; with ' pending' behind it, its way to the inbox was not finished
--       '-<reason>'            refused, nothing was added
local ARGS, FIRST, NKEYS = 11, 11, 8
local max_events, max_bytes, ttl, max_seen = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local max_text, max_messages, default_agent, default_tenant = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
local publish, source = ARGV[9], ARGV[10]

-- Positions fit a sorted set's score (a double): milliseconds since 2020 and 12 bits of sequence, good until 2089.
local EPOCH, SEQUENCES = 1577836800000, 4096

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function split(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function score(ms, seq) return string.format('%.0f', (ms - EPOCH) * SEQUENCES + seq) end

local function unscore(text)
  local s = tonumber(text)
  local seq = s % SEQUENCES
  return string.format('%.0f-%d', (s - seq) / SEQUENCES + EPOCH, seq)
end

local function open(k)
  local at = (k - 1) * NKEYS
  local c = { log = KEYS[at + 1], meta = KEYS[at + 2], seen = KEYS[at + 3], runs = KEYS[at + 4], session = KEYS[at + 5],
              messages = KEYS[at + 6], live = KEYS[at + 7], control = KEYS[at + 8], texts = {}, added = 0 }
  local m = redis.call('HMGET', c.meta, 'last', 'bytes', 'events', 'first_bytes', 'touched', 'tenant', 'agent', 'source:' .. source, 'cut')
  c.last, c.bytes, c.events = m[1], tonumber(m[2] or 0), tonumber(m[3] or 0)
  c.first_bytes, c.touched, c.tenant, c.agent, c.source, c.cut =
    tonumber(m[4] or 0), tonumber(m[5] or 0), m[6], m[7], m[8], m[9]
  if not c.last then
    -- A log without its meta (evicted, or another hand's): go on behind its last entry.
    local newest = redis.call('XREVRANGE', c.log, '+', '-', 'COUNT', 1)[1]
    if newest then
      c.last, c.bytes, c.events = newest[1], tonumber(newest[2][6]), tonumber(newest[2][8])
      c.tenant = redis.call('HGET', c.session, 'tenant_id') or nil
    end
  end
  if c.last then c.ms, c.seq = split(c.last) else c.ms, c.seq = 0, 0 end
  return c
end

-- The next position: this millisecond's, or right behind the last one when the clock has not moved on.
local function advance(c)
  if now > c.ms then
    c.ms, c.seq = now, 0
  elseif c.seq + 1 < SEQUENCES then
    c.seq = c.seq + 1
  else
    c.ms, c.seq = c.ms + 1, 0
  end
  return string.format('%.0f-%d', c.ms, c.seq)
end

local function text_key(c, run) return c.runs .. ':' .. run end

local function agent_of(c)
  return redis.call('HGET', c.session, 'current_agent') or c.agent or default_agent
end

-- Adds to the session's messages; content is JSON. Numbers go on from the last one there was.
local function add_message(c, role, content, agent, message_id, failed, cut)
  local newest = redis.call('XREVRANGE', c.messages, '+', '-', 'COUNT', 1)[1]
  local seq = 1
  if newest then seq = split(newest[1]) + 1 end
  local fields = { 'role', role, 'content', content, 'agent', agent, 'message_id', message_id, 'at', string.format('%.0f', now) }
  if failed then fields[#fields + 1] = 'failed'; fields[#fields + 1] = '1' end
  if cut then fields[#fields + 1] = 'truncated'; fields[#fields + 1] = '1' end
  redis.call('XADD', c.messages, 'MAXLEN', max_messages, string.format('%d-0', seq), unpack(fields))
  redis.call('PEXPIRE', c.messages, ttl)
  if redis.call('EXISTS', c.session) == 1 then
    redis.call('HSET', c.session, 'message_count', seq, 'last_activity', string.format('%.0f', now))
    redis.call('PEXPIRE', c.session, ttl)
  end
end

local function open_run(c, e, position)
  local id = e.message_id ~= '' and e.message_id or (string.sub(e.run, 1, 1) ~= '~' and e.run or position)
  local started = redis.call('HSETNX', c.runs, 'r ' .. e.run,
    '{"message_id":"' .. id .. '","agent":"' .. e.agent .. '","position":"' .. position .. '"}')
  if started == 1 then redis.call('PEXPIRE', c.runs, ttl) end
end

-- Text of one run is gathered over the batch and written once: most chunks cost no more than that one APPEND.
local function flush_text(c, run)
  local gathered = c.texts[run]
  if not gathered then return end
  c.texts[run] = nil
  if c.cut and redis.call('HEXISTS', c.runs, 'x ' .. run) == 1 then return end
  local text, key = table.concat(gathered.parts), text_key(c, run)
  local length = redis.call('APPEND', key, text)
  if length == #text then
    open_run(c, gathered.first, gathered.position)
    redis.call('PEXPIRE', key, ttl)
  end
  if length > max_text then
    -- Back to what fitted; from here on the run's text is cut.
    local kept = length == #text and '' or redis.call('GETRANGE', key, 0, length - #text - 1)
    redis.call('SET', key, kept, 'PX', ttl)
    redis.call('HSET', c.runs, 'x ' .. run, '1')
    c.cut = '1'
    redis.call('HSET', c.meta, 'cut', '1')
  end
end

local function end_run(c, e, position, failed)
  flush_text(c, e.run)
  local run = redis.call('HGET', c.runs, 'r ' .. e.run)
  local text = e.text
  if text == '' then text = redis.call('GET', text_key(c, e.run)) or '' end
  local message_id, agent, cut = e.message_id, e.agent, false
  if run then
    local kept = cjson.decode(run)
    message_id = kept.message_id
    if agent == '' then agent = kept.agent end
    local tools = 't ' .. e.run .. ' '
    for _, field in ipairs(redis.call('HKEYS', c.runs)) do
      if string.sub(field, 1, #tools) == tools then redis.call('HDEL', c.runs, field) end
    end
    cut = e.text == '' and redis.call('HEXISTS', c.runs, 'x ' .. e.run) == 1
    redis.call('HDEL', c.runs, 'r ' .. e.run, 'x ' .. e.run)
    redis.call('DEL', text_key(c, e.run))
  elseif message_id == '' then
    message_id = string.sub(e.run, 1, 1) ~= '~' and e.run or position
  end
  if text ~= '' then add_message(c, 'assistant', '"' .. text .. '"', agent, message_id, failed, cut) end
end

local function user_message(c, e)
  local tenant = c.tenant or default_tenant
  if redis.call('EXISTS', c.session) == 0 then
    redis.call('HSET', c.session, 'tenant_id', tenant, 'current_agent', c.agent or default_agent, 'status', 'active',
      'turn_count', 0, 'message_count', 0, 'token_count', 0, 'started_at', string.format('%.0f', now),
      'last_activity', string.format('%.0f', now))
  end
  redis.call('HINCRBY', c.session, 'turn_count', 1)
  add_message(c, 'user', '"' .. e.text .. '"', '', e.message_id)
end

local keep = {
  c = function(c, e, position)
    local gathered = c.texts[e.run]
    if gathered then
      gathered.parts[#gathered.parts + 1] = e.text
    elseif e.text == '' then
      open_run(c, e, position)
    else
      c.texts[e.run] = { parts = { e.text }, first = e, position = position }
    end
  end,
  s = function(c, e, position) open_run(c, e, position) end,
  e = function(c, e, position) end_run(c, e, position, false) end,
  f = function(c, e, position) end_run(c, e, position, true) end,
  t = function(c, e, position)
    open_run(c, e, position)
    redis.call('HSET', c.runs, 't ' .. e.run .. ' ' .. e.extra, e.text)
  end,
  d = function(c, e) redis.call('HDEL', c.runs, 't ' .. e.run .. ' ' .. e.extra) end,
  h = function(c, e)
    if e.extra == '' then return end
    if redis.call('EXISTS', c.session) == 1 then
      redis.call('HSET', c.session, 'current_agent', e.extra)
    else
      c.agent = e.extra
      redis.call('HSET', c.meta, 'agent', e.extra)
    end
  end,
  u = user_message,
}

-- nil when the caller may write; binds a conversation that is nobody's yet.
local function refused(c, e)
  local how, tenant = string.sub(e.tenant, 1, 1), string.sub(e.tenant, 2)
  if how == '' then return nil end
  if not c.tenant and (c.events == 0 or (how == '+' and e.kind == 'u')) then
    c.tenant = tenant
    return nil
  end
  if how == '=' and (c.tenant or default_tenant) ~= tenant then return '-not_found' end
  return nil
end

local function to_inbox(e) return e.kind == 'u' or e.kind == 'x' end

-- People's ids are theirs and agents' ids are theirs: the same one of both means two things.
local function seen_id(e) return to_inbox(e) and 'u ' .. e.id or e.id end

local function duplicate(c, e)
  if e.source ~= '' and c.source then
    local ms, seq = split(e.source)
    local last_ms, last_seq = split(c.source)
    if ms < last_ms or (ms == last_ms and seq <= last_seq) then return '=' .. (c.last or '0') .. ' ' end
  end
  if e.id == '' then return nil end
  local known = redis.call('ZSCORE', c.seen, seen_id(e))
  if not known then return nil end
  local answer = '=' .. unscore(known) .. ' ' .. agent_of(c)
  if to_inbox(e) and redis.call('HEXISTS', c.meta, 'inbox ' .. e.id) == 1 then answer = answer .. ' pending' end
  return answer
end

local function append(c, e)
  local refusal = refused(c, e) or duplicate(c, e)
  if refusal then return refusal end
  local prev = c.last or '0'
  local position = advance(c)
  local bytes, events = c.bytes + #e.event, c.events + 1
  redis.call('XADD', c.log, 'MAXLEN', '~', max_events, position,
    'e', e.event, 'i', e.id, 'b', string.format('%.0f', bytes), 'n', string.format('%.0f', events))
  c.last, c.bytes, c.events, c.added = position, bytes, events, c.added + 1
  if e.source ~= '' then c.source = e.source end
  if e.id ~= '' then
    if redis.call('ZADD', c.seen, score(c.ms, c.seq), seen_id(e)) == 1 and events % 64 == 1 then
      redis.call('ZREMRANGEBYRANK', c.seen, 0, -max_seen - 1)
      redis.call('PEXPIRE', c.seen, ttl)
    end
    c.ids = true
  end
  local agent = ''
  local act = keep[e.kind]
  if act then act(c, e, position) end
  if to_inbox(e) then
    agent = agent_of(c)
    redis.call('HSET', c.meta, 'inbox ' .. e.id, agent .. ' ' .. position .. ' ' .. e.event)
    if e.kind == 'x' then redis.call('PUBLISH', c.control, e.event) end
  end
  redis.call(publish, c.live, prev .. ' ' .. position .. ' ' .. (e.id == '' and '-' or e.id) .. ' ' .. e.event)
  return '+' .. position .. ' ' .. agent
end

-- Bytes are counted up for ever in each entry, so the log's size is the last one's count less the first one's.
local function trim(c)
  while c.bytes - c.first_bytes > max_bytes do
    local first = redis.call('XRANGE', c.log, '-', '+', 'COUNT', 1)[1]
    if not first then return end
    c.first_bytes = tonumber(first[2][6]) - #first[2][2]
    if c.bytes - c.first_bytes > max_bytes then
      local length = redis.call('XLEN', c.log)
      if length < 2 then return end
      redis.call('XTRIM', c.log, 'MAXLEN', math.floor(length * 7 / 8))
    end
  end
end

local function touch(c)
  for _, key in ipairs({ c.log, c.meta, c.seen, c.runs, c.session, c.messages }) do redis.call('PEXPIRE', key, ttl) end
  for _, field in ipairs(redis.call('HKEYS', c.runs)) do
    if string.sub(field, 1, 2) == 'r ' then redis.call('PEXPIRE', text_key(c, string.sub(field, 3)), ttl) end
  end
end

local function close(c)
  if c.added == 0 then return end
  for run in pairs(c.texts) do flush_text(c, run) end
  trim(c)
  local meta = { 'last', c.last, 'bytes', string.format('%.0f', c.bytes), 'events', string.format('%.0f', c.events),
                 'first_bytes', string.format('%.0f', c.first_bytes) }
  if c.source then meta[#meta + 1] = 'source:' .. source; meta[#meta + 1] = c.source end
  if c.tenant then meta[#meta + 1] = 'tenant'; meta[#meta + 1] = c.tenant end
  local stale = now - c.touched > ttl / 2
  if stale then meta[#meta + 1] = 'touched'; meta[#meta + 1] = string.format('%.0f', now) end
  redis.call('HSET', c.meta, unpack(meta))
  if stale then touch(c) elseif c.ids and redis.call('PTTL', c.seen) < 0 then redis.call('PEXPIRE', c.seen, ttl) end
end

local conversations, results = {}, {}
local count = (#ARGV - FIRST + 1) / ARGS
for n = 1, count do
  local a = FIRST + (n - 1) * ARGS
  local k = tonumber(ARGV[a])
  local e = { kind = ARGV[a + 1], id = ARGV[a + 2], run = ARGV[a + 3], agent = ARGV[a + 4], message_id = ARGV[a + 5],
              text = ARGV[a + 6], extra = ARGV[a + 7], source = ARGV[a + 8], tenant = ARGV[a + 9], event = ARGV[a + 10] }
  local c = conversations[k]
  if not c then
    local opened, made = pcall(open, k)
    c = opened and made or { failed = made }
    conversations[k] = c
  end
  if c.failed then
    results[n] = '-' .. tostring(c.failed)
  else
    local done, result = pcall(append, c, e)
    -- What failed half-way stops its conversation for this batch, so that nothing overtakes it.
    if not done then
      c.failed = type(result) == 'table' and result.err or result
      result = '-' .. tostring(c.failed)
    end
    results[n] = result
  end
end
for _, c in pairs(conversations) do
  if c.log then
    local done, reason = pcall(close, c)
    if not done then redis.log(redis.LOG_WARNING, 'parley: could not finish ' .. c.log .. ': ' .. tostring(reason)) end
  end
end
return results
