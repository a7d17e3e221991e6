-- Makes a change of a session whose event append.lua has appended. After session-change.lua and append.lua.
--
-- Returns { '<reason>' }   refused
--      or { 'done', position, number of the message or '', '1' when the session is to be archived from now on, session, context }
--      or { 'repeated', … }  the same, of a change that was made before
local answer = results[1]
if string.sub(answer, 1, 1) == '-' then return { string.sub(answer, 2) } end
local session, messages, context, seq = key('session:conv:'), key('messages:conv:'), key('context:conv:'), ''
local repeated = string.sub(answer, 1, 1) == '='
if repeated then
  -- The result of this key is gone by now: it must not be reported as present.
  if redis.call('EXISTS', session) == 0 then return { 'used ' .. ARGV[#ARGV - 4] .. ' ' .. deed(ARGV[#ARGV - 5]) } end
  -- A repeated request shows that the first reply was lost, and perhaps the mark for the archive, too.
  local version = redis.call('HMGET', session, 'version', 'archived')
  c.dirty = batch.archived and version[1] and version[1] ~= (version[2] or '0')
  if change.op == 'append' then
    for _, entry in ipairs(redis.call('XREVRANGE', messages, '+', '-', 'COUNT', batch.max_messages)) do
      for i = 1, #entry[2], 2 do
        if entry[2][i] == 'change' and entry[2][i + 1] == ARGV[#ARGV - 4] then seq = match(entry[1], '^%d+') end
      end
    end
  end
elseif change.op == 'append' then
  seq = string.format('%d', add_message(change.fields, change.tokens))
  if change.pinned then redis.call('HSET', session, 'pinned', cjson.encode({ seq, 'at', batch.now_text, unpack(change.fields) })) end
  if change.turn then redis.call('HINCRBY', session, 'turn_count', 1) end
elseif change.op == 'create' then
  begin_session()
  if change.messages then
    redis.call('DEL', messages)
    for _, one in ipairs(change.messages) do redis.call('XADD', messages, string.format('%d-0', one[1]), unpack(one[2])) end
  end
  if change.agent then redis.call('HSET', session, 'current_agent', change.agent) end
  if change.state then redis.call('HSET', session, unpack(change.state)) end
elseif change.op == 'complete' then
  redis.call('HSET', session, 'status', 'completed')
elseif change.op == 'delete' then
  redis.call('HSET', session, 'status', 'deleted')
  redis.call('HDEL', session, 'pinned')
  local kept = runs()
  for _, field in ipairs(redis.call('HKEYS', kept)) do
    if string.sub(field, 1, 2) == 'r ' then redis.call('DEL', text_key(string.sub(field, 3))) end
  end
  redis.call('DEL', messages, context, kept)
  redis.call('XTRIM', c.log, 'MAXLEN', 1)
end
if not repeated then
  if change.op == 'create' or change.op == 'update' then
    for _, one in ipairs(change.context or {}) do
      if one[3] == '' then redis.call('HDEL', context, one[1]) else redis.call('HSET', context, one[1], one[3]) end
    end
  end
  -- A message and a hand-off have been recorded by append.lua.
  if change.op ~= 'append' and change.op ~= 'handoff' then session_changed() end
end
local position = match(answer, '^=?(%S+)')
return { repeated and 'repeated' or 'done', position, seq, c.dirty and '1' or '0', redis.call('HGETALL', session),
         redis.call('HGETALL', context) }
