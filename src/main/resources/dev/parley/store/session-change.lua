-- Decides whether a session may be changed. append.lua, which follows, then appends the event of the change, and
-- session-changed.lua makes the change: all of it or nothing. After types.lua.
--
-- KEYS, ARGV  those of append.lua for one event with an id, and one more: the change, a JSON object
--             op         'create', 'append', 'update', 'handoff', 'complete' or 'delete'
--             expected   the number that the last message must have
--             seq_at     the byte offset in the event at which the message's number is inserted
--             context    for 'update' [name, JSON before or '', JSON after or '']…, for 'create' [name, '', JSON]…
--             fields     of the message, names and values in turn; tokens: how many it has; pinned, turn: whether it is the prompt
--                        that windows begin with, a person's turn
--             agent      the current agent; messages [seq, fields]…, state: names and values of the session, for a fork
-- Returns { 'unknown' }, { 'python' } or { 'foreign <type> <key>' }, as in append.lua; { 'missing' }, { 'not_found' }, { 'gone', status }, { 'overloaded' }, { 'conflict', last message's number or '' }
--      or { 'changed', name, JSON now or '', … }   the context has changed since it was read
--      or what session-changed.lua returns
local change = cjson.decode(ARGV[#ARGV])
do
  local prefix, who, id, event = ARGV[11], ARGV[#ARGV - 1], ARGV[#ARGV - 4], #ARGV - 5
  local tag = string.sub(KEYS[1], #prefix + #'events:conv:' + 1)
  local session = prefix .. 'session:conv:' .. tag
  local foreign = types.foreign(session, 'hash', prefix .. 'run:conv:' .. tag, 'hash', KEYS[1], 'stream',
    prefix .. 'meta:conv:' .. tag, 'hash', prefix .. 'seen:conv:' .. tag, 'zset')
  if foreign then return { foreign } end
  if types.not_ours(session) then return { 'python' } end
  if redis.call('EXISTS', session) == 0 and string.sub(ARGV[15], 1, 1) ~= '+' then return { 'unknown' } end
  foreign = types.foreign(prefix .. 'messages:conv:' .. tag, 'stream', prefix .. 'context:conv:' .. tag, 'hash')
  if foreign then return { foreign } end
  local s = redis.call('HMGET', session,
    'status', 'tenant_id', 'message_count', 'version', 'archived', 'archived_seq', 'forked_seq')
  local status, count = s[1], tonumber(s[3] or 0)
  local archives = ARGV[13] ~= ''
  if status and string.sub(who, 1, 1) == '='
    and (redis.call('HGET', prefix .. 'meta:conv:' .. tag, 'tenant') or s[2]) ~= string.sub(who, 2) then
    return { 'not_found' }
  end
  if not status and change.op ~= 'create' then return { 'missing' } end
  if change.op == 'append' then
    ARGV[event] = string.sub(ARGV[event], 1, change.seq_at) .. string.format('%d', count + 1)
      .. string.sub(ARGV[event], change.seq_at + 1)
  end
  if not redis.call('ZSCORE', prefix .. 'seen:conv:' .. tag, id) then
    if change.op == 'create' then
      if status == 'active' then return { 'conflict', '' } end
      if status and archives and s[4] ~= s[5] then return { 'overloaded' } end
    elseif status ~= 'active' and not (change.op == 'delete' and status == 'completed') then
      return { 'gone', status }
    end
    if change.expected and change.expected ~= count then return { 'conflict', s[3] or '0' } end
    if change.op == 'append' then
      if archives and count - math.max(s[6] or 0, s[7] or 0) >= tonumber(ARGV[14]) then return { 'overloaded' } end
    elseif change.op == 'update' then
      local changed = { 'changed' }
      for _, one in ipairs(change.context) do
        local now = redis.call('HGET', prefix .. 'context:conv:' .. tag, one[1]) or ''
        if now ~= one[2] then
          changed[#changed + 1] = one[1]
          changed[#changed + 1] = now
        end
      end
      if #changed > 1 then return changed end
    end
  end
end
