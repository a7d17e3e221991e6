-- Decides that nothing is to be done where something was said in the conversation already, or is known of it,
-- or where a session has ended, which the record may have to be told of first. append.lua stands behind this.
--
-- KEYS, ARGV  those of append.lua for events of one conversation, of which the first has an id and is a person's message
-- Returns {} where that is so, else what append.lua does, which knows a message that comes again.
do
  local prefix, id = ARGV[11], ARGV[22]
  local tag = string.sub(KEYS[1], #prefix + #'events:conv:' + 1)
  local status = redis.call('HGET', prefix .. 'session:conv:' .. tag, 'status')
  if (status and status ~= 'active'
      or redis.call('EXISTS', prefix .. 'messages:conv:' .. tag, prefix .. 'context:conv:' .. tag) > 0)
    and not redis.call('ZSCORE', prefix .. 'seen:conv:' .. tag, 'u ' .. id) then
    return {}
  end
end
