-- Appends a batch of events of one or more conversations of one slot, each conversation on its own: what is wrong with one of them
-- costs the others nothing.
--
-- Redis does nothing else meanwhile and each step is paid for by everybody, so this is written for speed: few strings from outside
-- (Redis and Lua both copy each), few calls of commands, no table for an event. What is rare may be slow and plain.
--
-- KEYS  per conversation: its log. Its other keys have the same hash tag, so they are on the log's slot; their names are made here,
--       most of them only when they are needed.
-- ARGV  1 newest entries kept   2 bytes kept   3 TTL in ms   4 event ids remembered   5 longest text of a run
--       6 messages kept   7 default agent   8 default tenant   9 PUBLISH or SPUBLISH   10 source (a stream, a spilled queue) or ''   11 prefix of all keys
--       12 '1' when a message makes the session of its conversation   13 TTL in ms of a session that is not archived yet, '' where
--       nothing is archived   14 messages at most that are not archived yet; answers have as much room again
--       then per conversation: the number of its events, and per event
--         kind, run, agent, text, source id, event
--       or, for what has more to say, kind with a '+' behind it, and
--         kind, run, agent, text, source id, event, event_id, message_id, extra, tenant
--       extra is a tool's key, whom a hand-off is to, or of other kinds the lease of their run in ms
--       tenant is '', '=name' (the conversation must belong to it) or '+name' (an unbound one becomes its)
-- Returns per event a string:
--       '<position>'           appended; with ' <agent>' behind it, it is to go on to that agent's inbox
--       '=<position> <agent>'  it was there already; with ' pending' behind it, its way to the inbox was not finished
--       '-<reason>'            refused, nothing was added
--       and behind them for each conversation whose session is to be archived from now on, '!<its tag>'; for each whose first message
--       has its answer now, if that may be kept, '?<its tag> <meta's field cache>'; for each whose session has no room for an answer that
--       could not be refused, '~<its tag>'
-- What stands behind this script returns `results`; what stands before it may have decided that nothing is to be done.
local PLAIN, FULL, FIRST = 6, 10, 15

-- A script's functions are made anew each time it is run, and each local of the script that one of them uses is searched for then. So
-- what they share is in two tables, and what is rare spells out redis.call and what else it needs.
local ARGV, call, match = ARGV, redis.call, string.match
local batch = {
  max_events = tonumber(ARGV[1]), max_bytes = tonumber(ARGV[2]), ttl = tonumber(ARGV[3]), max_seen = tonumber(ARGV[4]),
  max_text = tonumber(ARGV[5]), max_messages = ARGV[6], default_agent = ARGV[7], default_tenant = ARGV[8], publish = ARGV[9],
  source = ARGV[10] ~= '' and 'source:' .. ARGV[10], prefix = ARGV[11], now = 0, now_text = '', now_position = '',
  auto_create = ARGV[12] == '1', archived = ARGV[13] ~= '' and ARGV[13], max_unarchived = tonumber(ARGV[14]),
}

local time = call('TIME')
batch.now = time[1] * 1000 + math.floor(time[2] / 1000)
batch.now_text = string.format('%d', batch.now)
batch.now_position = batch.now_text .. '-0'

-- The conversation at hand. In Redis its counters are one field of meta, `log`: '<last position> <bytes> <events>'.
-- Of one run, text is gathered over the batch and written once: text, and first, the arguments of the first piece.
local c = {
  tag = '', log = '', meta = '', live = '', last = '', ms = 0, seq = 0, bytes = 0, events = 0, counts = '',
  bytes_before = 0, stale = false, source_ms = 0, source_seq = 0, source_id = false, tenant = false, binds = false,
  added = 0, ids = false, run = false, text = false, first = 0, position = '', dirty = false, answered = false, left_out = false,
}

local function key(kind) return batch.prefix .. kind .. c.tag end

local function runs() return key('run:conv:') end

local function text_key(run) return batch.prefix .. 'run:conv:' .. c.tag .. ':' .. run end

local function position_of(id)
  local ms, seq = match(id, '^(%d+)%-(%d+)$')
  return ms + 0, seq + 0
end

-- The counts up to an entry: bytes and events.
local function counts_of(entry)
  local bytes, events = match(entry[2][4], '^(%d+) (%d+)')
  return bytes + 0, events + 0
end

-- Positions fit a sorted set's score (a double): milliseconds since 2020 and 12 bits of sequence, good until 2089.
local score = {
  epoch = 1577836800000, sequences = 4096,
}

-- Whether two times, in ms, lie in different halves of a TTL.
local function apart(a, b)
  local half = batch.ttl / 2
  return math.floor(a / half) ~= math.floor(b / half)
end

local function open(log)
  local tag = string.sub(log, #batch.prefix + #'events:conv:' + 1)
  c.log, c.tag, c.meta, c.live = log, tag, batch.prefix .. 'meta:conv:' .. tag, batch.prefix .. 'live:conv:' .. tag
  c.tenant, c.binds, c.ids, c.run, c.source_id = nil, false, false, false, false
  local state = call('HGET', c.meta, 'log')
  if state then
    local last, ms, seq, bytes, events = match(state, '^((%d+)%-(%d+)) (%d+) (%d+)$')
    c.last, c.ms, c.seq, c.bytes, c.events = last, ms + 0, seq + 0, bytes + 0, events + 0
    c.stale = apart(c.ms, batch.now)
  else
    c.last, c.ms, c.seq, c.bytes, c.events, c.stale = '0', 0, 0, 0, 0, true
    -- A log without its meta (evicted, or another hand's): go on behind its last entry.
    local newest = call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    if newest then
      c.last = newest[1]
      c.ms, c.seq = position_of(c.last)
      c.bytes, c.events = counts_of(newest)
    end
    -- A session lives longer than both, and it is its tenant's.
    c.tenant = call('HGET', key('session:conv:'), 'tenant_id') or nil
    c.binds = c.tenant and true
  end
  c.bytes_before = c.bytes
  if batch.source then
    local id = call('HGET', c.meta, batch.source)
    if id then c.source_ms, c.source_seq = position_of(id) else c.source_ms, c.source_seq = -1, 0 end
  end
end

local function tenant()
  if c.tenant == nil then c.tenant = redis.call('HGET', c.meta, 'tenant') end
  return c.tenant
end

local function current_agent()
  return redis.call('HGET', key('session:conv:'), 'current_agent') or redis.call('HGET', c.meta, 'agent') or batch.default_agent
end

-- A session's fields: `version` counts its changes, `archived` is the version and `archived_seq` the last message that the record
-- has. An id that is used again after its session's end has a new `generation`.
local function begin_session()
  local session, agent = key('session:conv:'), redis.call('HGET', c.meta, 'agent') or batch.default_agent
  local newest, count = redis.call('XREVRANGE', key('messages:conv:'), '+', '-', 'COUNT', 1)[1], 0
  local before = redis.call('HGET', session, 'generation')
  if before then
    redis.call('DEL', session, key('messages:conv:'), key('context:conv:'))
  elseif newest then
    count = position_of(newest[1])
  end
  local generation = math.max(batch.now, before and before + 1 or 0)
  -- From now on it is not to become another tenant's.
  if not tenant() then
    c.tenant = batch.default_tenant
    redis.call('HSET', c.meta, 'tenant', c.tenant)
  end
  redis.call('HSET', session, 'tenant_id', c.tenant, 'current_agent', agent, 'status', 'active',
    'turn_count', 0, 'message_count', string.format('%d', count), 'token_count', 0, 'started_at', batch.now_text,
    'last_activity', batch.now_text, 'generation', string.format('%d', generation))
end

-- The session has changed, or something of it: it lives on, and longer than all else as long as the record has not got it.
local function session_changed()
  local session, ttl = key('session:conv:'), batch.ttl
  redis.call('HSET', session, 'last_activity', batch.now_text)
  if batch.archived then
    local version = redis.call('HINCRBY', session, 'version', 1)
    if version - 1 == tonumber(redis.call('HGET', session, 'archived') or 0) then c.dirty = true end
    ttl = batch.archived
  end
  for _, kind in ipairs({ 'session', 'messages', 'context' }) do redis.call('PEXPIRE', key(kind .. ':conv:'), ttl) end
end

-- Adds to the session's messages; fields are names and values in turn, the content is JSON. Numbers go on from the last one there was.
-- What the record has not got stays. Without a session the newest are kept for those who join, and of one that was deleted nothing is.
local function add_message(fields, tokens)
  local session, messages = key('session:conv:'), key('messages:conv:')
  local newest = redis.call('XREVRANGE', messages, '+', '-', 'COUNT', 1)[1]
  local kept = redis.call('HMGET', session, 'status', 'message_count', 'archived_seq', 'forked_seq')
  if kept[1] == 'deleted' then return 0 end
  if batch.archived and kept[1] and kept[2] - math.max(kept[3] or 0, kept[4] or 0) >= 2 * batch.max_unarchived then
    -- An answer that can't be refused: its log has it, and nothing else.
    c.left_out = true
    return 0
  end
  local seq = 1
  if newest then seq = position_of(newest[1]) + 1 elseif kept[2] then seq = kept[2] + 1 end
  local oldest = seq - batch.max_messages + 1
  if batch.archived and kept[1] then oldest = math.min(oldest, (kept[3] or 0) + 1) end
  redis.call('XADD', messages, 'MINID', string.format('%d-0', math.max(oldest, 1)), string.format('%d-0', seq), 'at', batch.now_text,
    unpack(fields))
  if kept[1] then
    redis.call('HSET', session, 'message_count', string.format('%d', seq))
    if tokens and tokens > 0 then redis.call('HINCRBY', session, 'token_count', tokens) end
    session_changed()
  else
    redis.call('PEXPIRE', messages, batch.ttl)
  end
  return seq
end

local function add_answer(text, agent, message_id, failed, cut)
  local fields = { 'role', 'assistant', 'content', '"' .. text .. '"', 'agent', agent, 'message_id', message_id }
  if failed then fields[#fields + 1] = 'failed'; fields[#fields + 1] = '1' end
  if cut then fields[#fields + 1] = 'truncated'; fields[#fields + 1] = '1' end
  add_message(fields)
end

-- Whether the record is too far behind for another message: a session that has ended is kept until it is there. What was asked is to be
-- answered, so the message that a run's end makes of its text has a room of its own. A fork begins behind another one's messages.
local function too_far_behind(kind, run, text)
  if not batch.archived then return false end
  local s = redis.call('HMGET', key('session:conv:'), 'status', 'version', 'archived', 'message_count', 'archived_seq', 'forked_seq')
  if not s[1] then return false end
  local waiting = s[4] - math.max(s[5] or 0, s[6] or 0)
  if kind ~= 'u' then
    return waiting >= 2 * batch.max_unarchived and (text ~= '' or run == c.run or redis.call('EXISTS', text_key(run)) == 1
      or redis.call('HEXISTS', runs(), 'x ' .. run) == 1)
  end
  if s[1] ~= 'active' then return tonumber(s[2] or 0) ~= tonumber(s[3] or 0) end
  return waiting >= batch.max_unarchived
end

-- False when the run was ended because its agent was silent: it opens again only with a start of its own.
local function open_run(run, agent, message_id, position)
  if redis.call('HEXISTS', runs(), 'f ' .. run) == 1 then return false end
  local id = message_id ~= '' and message_id or (string.sub(run, 1, 1) ~= '~' and run or position)
  local started = redis.call('HSETNX', runs(), 'r ' .. run,
    '{"message_id":"' .. id .. '","agent":"' .. agent .. '","position":"' .. position .. '"}')
  if started == 1 then redis.call('PEXPIRE', runs(), batch.ttl) end
  return true
end

-- A piece of text begins a run like anything else; its message_id is among the arguments only when it is not a plain event.
local function message_id_at(at) return #ARGV[at + 1] == 1 and '' or ARGV[at + 8] end

local function flush_text()
  local run, text = c.run, c.text
  if not run then return end
  c.run = false
  if type(text) == 'table' then text = table.concat(text) end
  local into = text_key(run)
  local length = call('APPEND', into, text)
  if length == #text then
    local ended = redis.call('HMGET', runs(), 'x ' .. run, 'f ' .. run)
    if ended[1] or ended[2] then
      redis.call('DEL', into)
      return
    end
    open_run(run, ARGV[c.first + 3], message_id_at(c.first), c.position)
    redis.call('PEXPIRE', into, batch.ttl)
  end
  if length > batch.max_text then
    -- Cut to what fitted, which moves into the hash: a text that begins anew finds it there, and only such a one has to look.
    redis.call('HSET', runs(), 'x ' .. run, length == #text and '' or redis.call('GETRANGE', into, 0, length - #text - 1))
    redis.call('DEL', into)
  end
end

local function add_text(at, run, position)
  local text = ARGV[at + 4]
  if run == c.run then
    if type(c.text) == 'table' then c.text[#c.text + 1] = text else c.text = { c.text, text } end
  elseif text == '' then
    open_run(run, ARGV[at + 3], message_id_at(at), position)
  else
    flush_text()
    c.run, c.text, c.first, c.position = run, text, at, position
  end
end

local function end_run(run, agent, text, message_id, position, failed)
  flush_text()
  local runs, state, cut = runs(), redis.call('HGET', runs(), 'r ' .. run), false
  if text == '' then
    text = redis.call('GET', text_key(run))
    if not text then
      text = redis.call('HGET', runs, 'x ' .. run)
      cut = text and true
    end
  end
  if state then
    local kept = cjson.decode(state)
    message_id = kept.message_id
    if agent == '' then agent = kept.agent end
    local tools = 't ' .. run .. ' '
    for _, field in ipairs(redis.call('HKEYS', runs)) do
      if string.sub(field, 1, #tools) == tools then redis.call('HDEL', runs, field) end
    end
    redis.call('HDEL', runs, 'r ' .. run, 'x ' .. run, 'l ' .. run, 'a ' .. run)
    redis.call('DEL', text_key(run))
  elseif message_id == '' then
    message_id = string.sub(run, 1, 1) ~= '~' and run or position
  end
  if text and text ~= '' then add_answer(text, agent, message_id, failed, cut) end
  local cache = redis.call('HGET', c.meta, 'cache')
  if cache then
    redis.call('HDEL', c.meta, 'cache')
    c.answered = not failed and cache
  end
end

-- Keeps beside the log what an event of any kind but a piece of text means.
local function keep(kind, run, agent, text, message_id, extra, position)
  if kind == 's' then
    redis.call('HDEL', runs(), 'f ' .. run)
    open_run(run, agent, message_id, position)
  elseif kind == 'e' or kind == 'f' then
    end_run(run, agent, text, message_id, position, kind == 'f')
  elseif kind == 't' then
    -- What a tool says may be something else tomorrow.
    redis.call('HDEL', c.meta, 'cache')
    if open_run(run, agent, message_id, position) then redis.call('HSET', runs(), 't ' .. run .. ' ' .. extra, text) end
  elseif kind == 'd' then
    redis.call('HDEL', runs(), 't ' .. run .. ' ' .. extra)
  elseif kind == 'h' and extra ~= '' then
    local session = key('session:conv:')
    if redis.call('HGET', session, 'status') == 'active' then
      redis.call('HSET', session, 'current_agent', extra)
      session_changed()
    else
      redis.call('HSET', c.meta, 'agent', extra)
    end
  elseif kind == 'u' or kind == 'a' then
    local session = key('session:conv:')
    if batch.auto_create and redis.call('HGET', session, 'status') ~= 'active' then begin_session() end
    local status = redis.call('HGET', session, 'status')
    if status and status ~= 'deleted' then redis.call('HINCRBY', session, 'turn_count', 1) end
    add_message({ 'role', 'user', 'content', text, 'agent', '', 'message_id', message_id })
  end
end

-- Whether the caller may not write; binds a conversation that is nobody's yet.
local function refuses(who, kind)
  local how, name, owner = string.sub(who, 1, 1), string.sub(who, 2), tenant()
  if not owner and (c.events == 0 or (how == '+' and (kind == 'u' or kind == 'a' or kind == 'n'))) then
    c.tenant, c.binds = name, true
    return false
  end
  return how == '=' and (owner or batch.default_tenant) ~= name
end

local function to_inbox(kind) return kind == 'u' or kind == 'x' end

local function seen_as(kind, id) return (to_inbox(kind) or kind == 'a') and 'u ' .. id or id end

-- The answer for an event whose id is known, else nil. People's ids are theirs and agents' ids are theirs: the same one of both means
-- two things.
local function known(kind, id)
  local found = call('ZSCORE', key('seen:conv:'), seen_as(kind, id))
  if not found then return nil end
  local n = found + 0
  local seq = n % score.sequences
  local answer = string.format('=%d-%d %s', (n - seq) / score.sequences + score.epoch, seq, current_agent())
  if to_inbox(kind) and redis.call('HEXISTS', c.meta, 'inbox ' .. id) == 1 then answer = answer .. ' pending' end
  return answer
end

local function remember(kind, id)
  local seen = key('seen:conv:')
  local n = string.format('%d', (c.ms - score.epoch) * score.sequences + c.seq)
  if call('ZADD', seen, n, seen_as(kind, id)) == 1 and c.events % 64 == 1 then
    redis.call('ZREMRANGEBYRANK', seen, 0, -batch.max_seen - 1)
    redis.call('PEXPIRE', seen, batch.ttl)
  end
  c.ids = true
end

-- What the conversation's events are told of: '<position before>', and ' <position> <event id or -> <bytes> <event>' for each. Those of
-- a batch go out together: a message costs Redis and each node that hosts the conversation more than an event in it.
local live, most_told = {}, 65536

local function publish()
  if live.n > 1 then call(batch.publish, c.live, table.concat(live, '', 1, live.n)) end
  live[1], live.n, live.bytes = c.last, 1, 0
end

local function tell(position, id, event)
  local n = live.n
  live[n + 1] = ' ' .. position .. ' ' .. (id == '' and '-' or id) .. ' ' .. #event .. ' '
  live[n + 2] = event
  live.n, live.bytes = n + 2, live.bytes + #event
  if live.bytes > most_told then publish() end
end

-- Appends one event, whose arguments begin behind `at`.
local function append(at)
  local kind, run, from, event, id = ARGV[at + 1], ARGV[at + 2], ARGV[at + 5], ARGV[at + 6], ''
  local plain = #kind == 1
  if not plain then
    kind, id = string.sub(kind, 1, 1), ARGV[at + 7]
    local who = ARGV[at + 10]
    if who ~= '' and refuses(who, kind) then return '-not_found' end
  end
  local from_ms, from_seq
  if id ~= '' then
    local answer = known(kind, id)
    if answer then return answer end
  end
  if from ~= '' then
    from_ms, from_seq = position_of(from)
    if from_ms < c.source_ms or (from_ms == c.source_ms and from_seq <= c.source_seq) then return '=' .. c.last .. ' ' end
  end
  -- A run's end is refused to whoever publishes it, and can do so again. A durable stream is not to wait for one of its conversations.
  if (kind == 'u' or ((kind == 'e' or kind == 'f') and not plain and ARGV[at + 10] ~= '')) and too_far_behind(kind, run, ARGV[at + 4]) then
    return '-overloaded'
  end

  -- The next position: this millisecond's, or right behind the last one when the clock has not moved on.
  local position = batch.now_position
  if batch.now > c.ms then
    c.ms, c.seq = batch.now, 0
  else
    if c.seq + 1 < score.sequences then c.seq = c.seq + 1 else c.ms, c.seq = c.ms + 1, 0 end
    position = string.format('%d-%d', c.ms, c.seq)
  end
  local bytes, events = c.bytes + #event, c.events + 1
  local counts = string.format('%d %d', bytes, events)
  call('XADD', c.log, position, 'e', event, 'm', id == '' and counts or counts .. ' ' .. id)
  c.last, c.bytes, c.events, c.counts, c.added = position, bytes, events, counts, c.added + 1
  tell(position, id, event)
  if from_ms then c.source_ms, c.source_seq, c.source_id = from_ms, from_seq, from end

  local answer = position
  if id ~= '' then remember(kind, id) end
  if kind == 'c' then
    add_text(at, run, position)
  elseif kind ~= '-' then
    keep(kind, run, ARGV[at + 3], ARGV[at + 4], plain and '' or ARGV[at + 8], plain and '' or ARGV[at + 9], position)
    if to_inbox(kind) then
      local agent = current_agent()
      redis.call('HSET', c.meta, 'inbox ' .. id, agent .. ' ' .. position .. ' ' .. event)
      if kind == 'x' then redis.call('PUBLISH', key('control:conv:'), event) end
      answer = position .. ' ' .. agent
    end
  end
  if not plain and ARGV[at + 9] ~= '' and (kind == 'c' or kind == 's' or kind == '-') then
    -- The run's lease: silence.lua goes by it.
    flush_text()
    if redis.call('HEXISTS', runs(), 'r ' .. run) == 1 then redis.call('HSET', runs(), 'l ' .. run, ARGV[at + 9]) end
  end
  return answer
end

-- By number once in 16 entries. By bytes an eighth at a time, and looked at once in a sixteenth of them, of which there is always room
-- for one more. Bytes are counted up for ever in each entry, so the log's size is the last one's count less what came before the first.
local function trim()
  if c.events % 16 < c.added then call('XTRIM', c.log, 'MAXLEN', '~', batch.max_events) end
  local step = batch.max_bytes / 16
  if math.floor(c.bytes / step) == math.floor(c.bytes_before / step) then return end
  while true do
    local first = redis.call('XRANGE', c.log, '-', '+', 'COUNT', 1)[1]
    local length = redis.call('XLEN', c.log)
    if length < 2 or c.bytes - (counts_of(first) - #first[2][2]) <= batch.max_bytes - step then return end
    redis.call('XTRIM', c.log, 'MAXLEN', math.floor(length * 7 / 8))
  end
end

local function touch()
  for _, kind in ipairs({ 'events', 'meta', 'seen', 'run' }) do redis.call('PEXPIRE', key(kind .. ':conv:'), batch.ttl) end
  local version = redis.call('HMGET', key('session:conv:'), 'version', 'archived')
  if not batch.archived or version[1] == version[2] then
    for _, kind in ipairs({ 'session', 'messages', 'context' }) do redis.call('PEXPIRE', key(kind .. ':conv:'), batch.ttl) end
  end
  for _, field in ipairs(redis.call('HKEYS', runs())) do
    if string.sub(field, 1, 2) == 'r ' then redis.call('PEXPIRE', text_key(string.sub(field, 3)), batch.ttl) end
  end
end

local function close()
  publish()
  local counters = c.last .. ' ' .. c.counts
  if c.source_id then
    call('HSET', c.meta, 'log', counters, batch.source, c.source_id)
  else
    call('HSET', c.meta, 'log', counters)
  end
  if c.binds then redis.call('HSET', c.meta, 'tenant', c.tenant) end
  trim()
  flush_text()
  if c.stale then
    touch()
  elseif c.ids then
    local seen = key('seen:conv:')
    if redis.call('PTTL', seen) < 0 then redis.call('PEXPIRE', seen, batch.ttl) end
  end
end

-- How many events have their result, behind which argument the next one begins, and the last event of the conversation at hand.
local results, n, at, upto = {}, 0, FIRST - 1, 0
local notes = {}

local function append_all(log)
  open(log)
  live[1], live.n, live.bytes = c.last, 1, 0
  while n < upto do
    results[n + 1] = append(at)
    n, at = n + 1, at + (#ARGV[at + 1] == 1 and PLAIN or FULL)
  end
end

local function text_of(failure) return type(failure) == 'table' and failure.err or tostring(failure) end

for _, log in ipairs(KEYS) do
  upto, at, c.added, c.dirty, c.answered, c.left_out = n + ARGV[at + 1], at + 1, 0, false, false, false
  local done, failure = pcall(append_all, log)
  if not done then
    -- What failed half-way stops its conversation for this batch, so that nothing overtakes it.
    failure = '-' .. text_of(failure)
    while n < upto do
      results[n + 1] = failure
      n, at = n + 1, at + (#ARGV[at + 1] == 1 and PLAIN or FULL)
    end
  end
  if c.added > 0 then
    done, failure = pcall(close)
    if not done then redis.log(redis.LOG_WARNING, 'parley: could not finish ' .. log .. ': ' .. text_of(failure)) end
  end
  if c.dirty then notes[#notes + 1] = '!' .. c.tag end
  if c.left_out then notes[#notes + 1] = '~' .. c.tag end
  if c.answered then notes[#notes + 1] = '?' .. c.tag .. ' ' .. c.answered end
end
for _, note in ipairs(notes) do results[#results + 1] = note end
