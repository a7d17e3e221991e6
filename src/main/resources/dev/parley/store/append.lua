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
--       then per conversation: the number of its events, with a '+' before it when a session of the original Python format was looked for
--       already, and per event
--         kind, run, agent, text, source id, event
--       or, for what has more to say, kind with a '+' behind it, and
--         kind, run, agent, text, source id, event, event_id, message_id, extra, tenant
--       run is '<run>\n<agent>', either of them '' where the event names none: two agents that use one run id are two answers
--       extra is a tool's key, whom a hand-off is to, or of other kinds the lease of their run in ms
--       tenant is '', '=name' (the conversation must belong to it) or '+name' (an unbound one becomes its)
-- Returns per event a string:
--       '<position>'           appended; with ' <agent>' behind it, it is to go on to that agent's inbox
--       '=<position> <agent>'  it was there already; with ' pending' behind it, its way to the inbox was not finished
--       '-<reason>'            refused, nothing was added. '-unknown': nobody knows the conversation, so that a session of the original
--                              Python format is to be looked for first; '-python': there is one under Parley's own key; '-foreign <type>
--                              <key>': something of another type is under one of its keys; '-used <id> <what>': its id was used for
--                              something else
--       and behind them for each conversation whose session is to be archived from now on, '!<its tag>'; for each whose first message
--       has its answer now, if that may be kept, '?<its tag> <meta's field cache>'; for each whose session has no room for an answer that
--       could not be refused, '~<its tag>'
-- What stands behind this script returns `results`; what stands before it may have decided that nothing is to be done. types.lua always
-- stands before it.
local PLAIN, FULL, FIRST = 6, 10, 15

-- A script's functions are made anew each time it is run, and each local of the script that one of them uses is searched for then. So
-- what they share is in two tables, and what is rare spells out redis.call and what else it needs.
local ARGV, call, match, byte = ARGV, redis.call, string.match, string.byte
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
-- Of one run, text is gathered over the batch and written at the end: what comes behind its first piece, the text's key, and whether it was
-- cut. `named` is the run as the events name it. `unsaid` is the key of a text whose event is not in the log yet, `said` what it had before.
local c = {
  tag = '', log = '', meta = '', live = '', last = '', ms = 0, seq = 0, bytes = 0, events = 0, counts = '',
  bytes_before = 0, stale = false, source_ms = 0, source_seq = 0, source_id = false, tenant = false, binds = false,
  added = 0, ids = false, named = false, born = false, run = false, text = false, into = '', cut = false, unsaid = false, said = 0,
  dirty = false, answered = false, left_out = false, looked = false, refused = false,
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
  c.tenant, c.binds, c.ids, c.named, c.born, c.run, c.unsaid, c.source_id = nil, false, false, false, false, false, false, false
  c.refused = false
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
    else
      c.born = true
    end
    -- A session lives longer than both, and it is its tenant's.
    local session = call('HMGET', key('session:conv:'), 'tenant_id', 'generation')
    c.tenant = session[1] or nil
    c.binds = c.tenant and true
    if not session[2] then
      if types.not_ours(key('session:conv:')) then c.refused = 'python' elseif not newest and not c.looked then c.refused = 'unknown' end
    end
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

-- Returns how long the text is with this behind it. One that is too long is cut to what fitted, which moves into the hash: a text that
-- begins anew finds it there, and only such a one has to look.
local function write_text(run, into, text)
  local length = call('APPEND', into, text)
  if length > batch.max_text then
    redis.call('HSETNX', runs(), 'x ' .. run, length == #text and '' or redis.call('GETRANGE', into, 0, length - #text - 1))
    redis.call('DEL', into)
    c.cut = true
  end
  return length
end

local function flush_text()
  local run, text = c.run, c.text
  if not run then return end
  c.named, c.run = false, false
  if c.cut or not text then return end
  write_text(run, c.into, type(text) == 'table' and table.concat(text) or text)
end

-- What events mean for their runs, beside the text that is added: most batches have none of it, so its functions are made when the first
-- of them is needed.
local folding = {}

local function fold()
  if folding.place then return folding end

  -- What is remembered of runs that have ended, with their position as the score: `e <run>\n<agent>` of each end, and `e <run>\n` for
  -- events that name no agent; `w <run>` when its end named none; `l <run>\n<agent>` when the gateway ended it, since its agent was
  -- silent; `s <run>\n<agent>` when a message was made of it at a hand-off; `m <message_id>` that an answer has.
  local most_remembered = 256

  local function ended() return key('ended:conv:') end

  local function note(...)
    local at, scored = string.format('%d', (c.ms - score.epoch) * score.sequences + c.seq), {}
    for _, member in ipairs({ ... }) do
      scored[#scored + 1] = at
      scored[#scored + 1] = member
    end
    redis.call('ZADD', ended(), unpack(scored))
    redis.call('ZREMRANGEBYRANK', ended(), 0, -most_remembered - 1)
    redis.call('PEXPIRE', ended(), batch.ttl)
  end

  local function is_noted(member) return redis.call('ZSCORE', ended(), member) and true end

  -- The name of a run, '' of an implicit one, and its agent.
  local function parts_of(run) return match(run, '^([^\n]*)\n(.*)$') end

  -- The agents' parts of a run that are open, the oldest first; but for one of them.
  local function open_parts(name, but)
    local found, prefix = {}, 'r ' .. name .. '\n'
    for _, field in ipairs(redis.call('HKEYS', runs())) do
      local run = string.sub(field, 3)
      if string.sub(field, 1, #prefix) == prefix and run ~= but then
        local ms, seq = position_of(cjson.decode(redis.call('HGET', runs(), field)).position)
        found[#found + 1] = { run = run, ms = ms, seq = seq }
      end
    end
    table.sort(found, function(a, b) return a.ms < b.ms or (a.ms == b.ms and a.seq < b.seq) end)
    return found
  end

  -- Whose run an event is of that names the run and no agent: nobody's, where that has begun, else the one of that name that has begun last.
  local function whose(run)
    if redis.call('EXISTS', text_key(run)) == 1 or redis.call('HEXISTS', runs(), 'r ' .. run) == 1 then return run end
    local open = open_parts((parts_of(run)))
    return #open > 0 and open[#open].run or run
  end

  -- Whether a run has ended, and not begun anew. An implicit one has no name to know it by.
  local function has_ended(run)
    local name = parts_of(run)
    if name == '' then return false end
    local found = redis.call('ZMSCORE', ended(), 'e ' .. run, 'w ' .. name)
    return (found[1] or found[2]) and true
  end

  -- Ends one agent's part of a run: what it has said becomes a message, or the text that is given. What was said before a hand-off is a
  -- message already, so then that text says it again.
  local function end_part(run, agent, text, message_id, position, failed)
    local name, runs, cut = parts_of(run), runs(), false
    local state = redis.call('HGET', runs, 'r ' .. run)
    if redis.call('ZREM', ended(), 's ' .. run) == 1 then text = '' end
    if text == '' then
      text = redis.call('GET', text_key(run))
      if not text then
        text = redis.call('HGET', runs, 'x ' .. run)
        cut = text and true
      end
    end
    if state then
      local kept = cjson.decode(state)
      message_id, agent = kept.message_id, kept.agent
      local tools = 't ' .. run .. '\n'
      for _, field in ipairs(redis.call('HKEYS', runs)) do
        if string.sub(field, 1, #tools) == tools then redis.call('HDEL', runs, field) end
      end
      redis.call('HDEL', runs, 'r ' .. run, 'x ' .. run, 'l ' .. run, 'a ' .. run)
      redis.call('DEL', text_key(run))
    end
    local says = text and text ~= ''
    if not state then
      if message_id == '' then message_id = name end
      if message_id == '' or is_noted('m ' .. message_id) then message_id = position end
      if says then note('m ' .. message_id) end
    elseif not says then
      redis.call('ZREM', ended(), 'm ' .. message_id)
    end
    if says then add_answer(text, agent, message_id, failed, cut) end
  end

  -- Of a run that was handed over: whom it is to, and each that has handed it over, with a line's end behind.
  local function handed_over(name)
    local found = redis.call('HGET', runs(), 'h ' .. name .. '\n')
    if not found then return nil, '' end
    return match(found, '^([^\n]*)\n(.*)$')
  end

  local function hand_over(run, agent, to)
    local name = parts_of(run)
    local from = agent ~= '' and agent or name == '' and current_agent()
    for _, field in ipairs(redis.call('HKEYS', runs())) do
      local of, by = match(field, '^r ([^\n]*)\n(.*)$')
      if of and (name == '' or of == name) and (not from or by == from) then
        local _, before = handed_over(of)
        if not string.find('\n' .. before, '\n' .. by .. '\n', 1, true) then before = before .. by .. '\n' end
        redis.call('HSET', runs(), 'h ' .. of .. '\n', to .. '\n' .. before)
      end
    end
  end

  -- Who has handed over a run has nothing more to say until it is handed back: so when another agent goes on with it, or ends it, a
  -- message is made of what the one before has said.
  local function settle_hand_over(run, position, ends)
    local name = parts_of(run)
    local to, by = handed_over(name)
    if not to then return end
    -- Fails here, before anything is written, where another program's key stands in the way of a message.
    redis.call('XLEN', key('messages:conv:'))
    flush_text()
    local others = 0
    for _, part in ipairs(open_parts(name, run)) do
      local _, agent = parts_of(part.run)
      if agent ~= to and string.find('\n' .. by, '\n' .. agent .. '\n', 1, true) then
        -- What several agents have said is the answer of none of them.
        redis.call('HDEL', c.meta, 'cache')
        end_part(part.run, agent, '', '', position, false)
        if not ends then note('s ' .. part.run) end
      else
        others = others + 1
      end
    end
    if not ends then return end
    if name ~= '' then
      for agent in string.gmatch(by, '([^\n]*)\n') do
        if agent ~= to then note('e ' .. name .. '\n' .. agent) end
      end
    end
    if others == 0 then redis.call('HDEL', runs(), 'h ' .. name .. '\n') end
  end

  local function open_run(run, agent, message_id, position)
    if redis.call('HEXISTS', runs(), 'r ' .. run) == 1 then return end
    settle_hand_over(run, position, false)
    local name = parts_of(run)
    if name == '' then redis.call('ZREM', ended(), 's ' .. run) end
    local id = message_id ~= '' and message_id or name
    if id == '' or is_noted('m ' .. id) then id = position else note('m ' .. id) end
    redis.call('HSET', runs(), 'r ' .. run, '{"message_id":"' .. id .. '","agent":"' .. agent .. '","position":"' .. position .. '"}')
    redis.call('PEXPIRE', runs(), batch.ttl)
  end

  -- The text of a JSON string as it was meant: the same one can be written in many ways.
  local function meant(body)
    local done, text = pcall(cjson.decode, '"' .. body .. '"')
    return done and text or body
  end

  -- Whether an end is the second one of its run. An implicit run's is known by its message, or since it says the newest message again.
  -- What the gateway ended, since its agent was silent, that agent may still end with all that it has to say.
  local function ends_again(run, agent, text, message_id)
    if redis.call('HEXISTS', runs(), 'r ' .. run) == 1 then return false end
    if parts_of(run) ~= '' then
      if text ~= '' and redis.call('ZREM', ended(), 'l ' .. run) == 1 then return false end
      return has_ended(run)
    end
    if message_id ~= '' then return is_noted('m ' .. message_id) end
    local newest = text ~= '' and redis.call('XREVRANGE', key('messages:conv:'), '+', '-', 'COUNT', 1)[1]
    if not newest then return false end
    local said = {}
    for i = 1, #newest[2], 2 do said[newest[2][i]] = newest[2][i + 1] end
    return said.role == 'assistant' and said.agent == agent and string.sub(said.content, 1, 1) == '"'
      and meant(string.sub(said.content, 2, -2)) == meant(text)
  end

  local function end_run(run, named, agent, text, message_id, position, failed)
    flush_text()
    local name = parts_of(named)
    settle_hand_over(run, position, true)
    if agent == '' and name ~= '' then
      -- Whoever's it is.
      for _, part in ipairs(open_parts(name, run)) do
        end_part(part.run, '', '', '', position, failed)
        note('e ' .. part.run)
      end
      redis.call('HDEL', runs(), 'h ' .. name .. '\n')
      note('w ' .. name)
    end
    end_part(run, agent, text, message_id, position, failed)
    if name ~= '' then note('e ' .. run, 'e ' .. name .. '\n') end
    local cache = redis.call('HGET', c.meta, 'cache')
    if cache then
      redis.call('HDEL', c.meta, 'cache')
      c.answered = not failed and cache
    end
  end

  -- Keeps beside the log what an event of any kind but a piece of text means.
  local function keep(kind, run, named, agent, text, message_id, extra, position)
    if kind == 's' then
      local name = parts_of(run)
      if name ~= '' then redis.call('ZREM', ended(), 'e ' .. run, 'e ' .. name .. '\n', 'w ' .. name, 'l ' .. run) end
      open_run(run, agent, message_id, position)
    elseif kind == 'e' or kind == 'f' then
      end_run(run, named, agent, text, message_id, position, kind == 'f')
    elseif kind == 't' then
      -- What a tool says may be something else tomorrow.
      redis.call('HDEL', c.meta, 'cache')
      open_run(run, agent, message_id, position)
      redis.call('HSET', runs(), 't ' .. run .. '\n' .. extra, text)
    elseif kind == 'd' then
      redis.call('HDEL', runs(), 't ' .. run .. '\n' .. extra)
    elseif kind == 'h' and extra ~= '' then
      hand_over(named, agent, extra)
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

  -- Whose run an event is of, and whether it comes after the end of it.
  local function place(kind, named, at, plain)
    local run, agent = named, ARGV[at + 3]
    if agent == '' and byte(named) ~= 10 then run = whose(named) end
    if kind == 's' then return run, false end
    if kind == 'e' or kind == 'f' then return run, ends_again(run, agent, ARGV[at + 4], plain and '' or ARGV[at + 8]) end
    return run, has_ended(run)
  end

  folding.whose, folding.has_ended, folding.open_run, folding.keep, folding.place = whose, has_ended, open_run, keep, place
  return folding
end

-- A piece of text begins a run like anything else; its message_id is among the arguments only when it is not a plain event.
local function message_id_at(at) return #ARGV[at + 1] == 1 and '' or ARGV[at + 8] end

-- Returns the run, and whether its end came before this. Where there is text already it is open, and nothing else has to be looked at:
-- so the first piece is written before its event is in the log, and taken back if that is not to be.
local function add_text(at, named, position)
  local text = ARGV[at + 4]
  if named == c.named then
    if type(c.text) == 'table' then c.text[#c.text + 1] = text else c.text = c.text and { c.text, text } or text end
    return c.run, false
  end
  flush_text()
  local run, agent, length = named, ARGV[at + 3], 0
  if agent == '' and byte(named) ~= 10 then run = fold().whose(named) end
  local into = text_key(run)
  c.cut = false
  if text ~= '' then
    length = write_text(run, into, text)
    c.unsaid, c.said = not c.cut and into, length - #text
  end
  if length == #text then
    local known = redis.call('HMGET', runs(), 'r ' .. run, 'x ' .. run)
    if not known[1] and fold().has_ended(run) then
      redis.call('DEL', into)
      redis.call('HDEL', runs(), 'x ' .. run)
      return run, true
    end
    if not known[1] then
      fold().open_run(run, agent, message_id_at(at), position)
    elseif known[2] then
      redis.call('DEL', into)
      c.cut = true
    end
    redis.call('PEXPIRE', into, batch.ttl)
  end
  if text ~= '' then c.named, c.run, c.text, c.into = named, run, false, into end
  return run, false
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

-- What an event tells of: its name, and of a session that goes on from another one that it does.
local function deed(event)
  local done, decoded = pcall(cjson.decode, event)
  if not done or type(decoded) ~= 'table' then return nil end
  local payload = decoded.payload
  return tostring(decoded.event or decoded.event_type or decoded.type)
    .. (type(payload) == 'table' and payload.forked_from and ' of a fork' or '')
end

-- The kinds of session changes and cancels. What their ids were used for is remembered as long as the ids are, also when the log has lost
-- the event: a member of the ids' set says so.
local deeds = { n = 1, m = 1, h = 1, x = 1 }
local deed_names = {
  'session.created', 'session.created of a fork', 'session.message', 'session.updated', 'session.completed', 'session.deleted',
  'agent.handoff.completed', 'user.cancel',
}

local function used_as(name, kind, id) return 'c ' .. name .. ' ' .. seen_as(kind, id) end

-- What an id was used for whose event the log has lost, where that is not what this event tells of.
local function used_otherwise(kind, id, event)
  local seen = key('seen:conv:')
  if deeds[kind] then
    if redis.call('ZSCORE', seen, used_as(deed(event), kind, id)) then return nil end
  end
  for _, name in ipairs(deed_names) do
    if redis.call('ZSCORE', seen, used_as(name, kind, id)) then return name end
  end
  return deeds[kind] and 'another event'
end

-- The answer for an event whose id is known, else nil; '-used <id> <what>' where something else has it. People's ids
-- are theirs and agents' ids are theirs: the same one of both means two things.
local function known(kind, id, event)
  local found = call('ZSCORE', key('seen:conv:'), seen_as(kind, id))
  if not found then return nil end
  local n = found + 0
  local seq = n % score.sequences
  local position = string.format('%d-%d', (n - seq) / score.sequences + score.epoch, seq)
  local entry = redis.call('XRANGE', c.log, position, position)[1]
  if not entry then
    local before = used_otherwise(kind, id, event)
    if before then return '-used ' .. id .. ' ' .. before end
  elseif entry[2][2] ~= event then
    local before, now = deed(entry[2][2]), deed(event)
    if before and now and before ~= now then return '-used ' .. id .. ' ' .. before end
  end
  local answer = '=' .. position .. ' ' .. current_agent()
  if to_inbox(kind) and redis.call('HEXISTS', c.meta, 'inbox ' .. id) == 1 then answer = answer .. ' pending' end
  return answer
end

local function remember(kind, id, event)
  local seen = key('seen:conv:')
  local n = string.format('%d', (c.ms - score.epoch) * score.sequences + c.seq)
  if call('ZADD', seen, n, seen_as(kind, id)) == 1 and c.events % 64 == 1 then
    redis.call('ZREMRANGEBYRANK', seen, 0, -batch.max_seen - 1)
    redis.call('PEXPIRE', seen, batch.ttl)
  end
  if deeds[kind] then redis.call('ZADD', seen, n, used_as(deed(event), kind, id)) end
  c.ids = true
end

-- What the conversation's events are told of: '<position before>', and ' <position> <event id or -> <bytes> <event>' for each, with a '!'
-- behind the bytes when it comes after the end of its run. Those of a batch go out together: a message costs Redis and each node that
-- hosts the conversation more than an event in it.
local live, most_told = {}, 65536

local function publish()
  if live.n > 1 then call(batch.publish, c.live, table.concat(live, '', 1, live.n)) end
  live[1], live.n, live.bytes = c.last, 1, 0
end

local function tell(position, id, event, late)
  local n = live.n
  live[n + 1] = ' ' .. position .. ' ' .. (id == '' and '-' or id) .. ' ' .. #event .. (late and '! ' or ' ')
  live[n + 2] = event
  live.n, live.bytes = n + 2, live.bytes + #event
  if live.bytes > most_told then publish() end
end

local of_runs, of_session = { s = 1, t = 1, d = 1, e = 1, f = 1 }, { e = 1, f = 1, u = 1, a = 1, h = 1, n = 1 }

-- Reads all that an event of this kind is going to change, since that fails where another program has put something of another type,
-- and fails before anything is written. Returns why the event has to wait, if it has to. A piece of text is looked at by `add_text`.
local function unfit(kind, run)
  if of_runs[kind] and run ~= c.run then
    call('HLEN', runs())
    call('STRLEN', text_key(run))
  end
  if of_session[kind] then
    local session = key('session:conv:')
    if not redis.call('HGET', session, 'generation') then
      if redis.call('EXISTS', session) == 1 then return 'python' end
      if kind == 'n' or (batch.auto_create and (kind == 'u' or kind == 'a')) then
        if not c.looked then return 'unknown' end
        redis.call('HLEN', key('context:conv:'))
      end
    end
    redis.call('XLEN', key('messages:conv:'))
  end
end

-- Appends one event, whose arguments begin behind `at`.
local function append(at)
  if c.refused then return '-' .. c.refused end
  local kind, named, from, event, id = ARGV[at + 1], ARGV[at + 2], ARGV[at + 5], ARGV[at + 6], ''
  local plain = #kind == 1
  if not plain then
    kind, id = string.sub(kind, 1, 1), ARGV[at + 7]
    local who = ARGV[at + 10]
    if who ~= '' and refuses(who, kind) then return '-not_found' end
  end
  local from_ms, from_seq
  if id ~= '' then
    local answer = known(kind, id, event)
    if answer then return answer end
  end
  if from ~= '' then
    from_ms, from_seq = position_of(from)
    if from_ms < c.source_ms or (from_ms == c.source_ms and from_seq <= c.source_seq) then return '=' .. c.last .. ' ' end
  end
  local run, late, is_end = named, false, false
  if kind ~= 'c' then
    is_end = kind == 'e' or kind == 'f'
    if is_end or kind == 's' or ((kind == 't' or kind == 'd' or kind == '-') and byte(named) ~= 10) then
      run, late = fold().place(kind, named, at, plain)
    end
    c.refused = unfit(kind, run)
    if c.refused then return '-' .. c.refused end
  end
  -- A run's end is refused to whoever publishes it, and can do so again. A durable stream is not to wait for one of its conversations.
  if (kind == 'u' or (is_end and not late and not plain and ARGV[at + 10] ~= ''))
    and too_far_behind(kind, run, ARGV[at + 4]) then
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
  if kind == 'c' then run, late = add_text(at, named, position) end
  local bytes, events = c.bytes + #event, c.events + 1
  local counts = string.format('%d %d', bytes, events)
  if late then
    call('XADD', c.log, position, 'e', event, 'm', id == '' and counts or counts .. ' ' .. id, 'l', '1')
  else
    call('XADD', c.log, position, 'e', event, 'm', id == '' and counts or counts .. ' ' .. id)
  end
  c.last, c.bytes, c.events, c.counts, c.added = position, bytes, events, counts, c.added + 1
  tell(position, id, event, late)
  c.unsaid = false
  if from_ms then c.source_ms, c.source_seq, c.source_id = from_ms, from_seq, from end

  local answer = position
  if id ~= '' then remember(kind, id, event) end
  if kind ~= 'c' and kind ~= '-' and not late then
    fold().keep(kind, run, named, ARGV[at + 3], ARGV[at + 4], plain and '' or ARGV[at + 8], plain and '' or ARGV[at + 9], position)
    if to_inbox(kind) then
      local agent = current_agent()
      redis.call('HSET', c.meta, 'inbox ' .. id, agent .. ' ' .. position .. ' ' .. event)
      if kind == 'x' then redis.call('PUBLISH', key('control:conv:'), event) end
      answer = position .. ' ' .. agent
    end
  end
  if not plain and ARGV[at + 9] ~= '' and (kind == 'c' or kind == 's' or kind == '-') then
    -- The run's lease: silence.lua goes by it.
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
  for _, kind in ipairs({ 'events', 'meta', 'seen', 'run', 'ended' }) do redis.call('PEXPIRE', key(kind .. ':conv:'), batch.ttl) end
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
  if c.born then redis.call('HSET', c.meta, 'born', batch.now_text) end
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

-- Names the key, where one of another type is why.
local function reason_of(failure)
  local text = text_of(failure)
  return string.find(text, 'WRONGTYPE', 1, true) and types.foreign(c.log, 'stream', c.meta, 'hash', key('seen:conv:'), 'zset', key('ended:conv:'), 'zset', runs(),
    'hash', text_key(ARGV[at + 2] or ''), 'string', key('session:conv:'), 'hash', key('messages:conv:'), 'stream', key('context:conv:'),
    'hash') or text
end

for _, log in ipairs(KEYS) do
  c.looked = string.sub(ARGV[at + 1], 1, 1) == '+'
  upto, at, c.added, c.dirty, c.answered, c.left_out = n + ARGV[at + 1], at + 1, 0, false, false, false
  local done, failure = pcall(append_all, log)
  if not done then
    -- What failed half-way stops its conversation for this batch, so that nothing overtakes it.
    failure = '-' .. reason_of(failure)
    if c.unsaid and c.said == 0 then
      redis.call('DEL', c.unsaid)
    elseif c.unsaid then
      redis.call('SET', c.unsaid, redis.call('GETRANGE', c.unsaid, 0, c.said - 1), 'KEEPTTL')
    end
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
