-- Does nothing if the conversation already has a message or something else that an answer might depend on, or a session has ended,
-- which the record may not know yet, or if it belongs to another tenant than before: an answer of one tenant is not for another.
-- append.lua follows.
--
-- KEYS, ARGV  those of append.lua for events of one conversation, of which the first has an id and is a person's message; after them,
--             the owner, if there is one
-- Returns {} in that case, { '-used <id> <what>' } if the id was used for something else, otherwise what append.lua does, which knows a repeated message.
do
  local prefix, id = ARGV[11], ARGV[22]
  local tag = string.sub(KEYS[1], #prefix + #'events:conv:' + 1)
  local session = prefix .. 'session:conv:' .. tag
  local status = redis.call('HGET', session, 'status')
  local owner = redis.call('HGET', prefix .. 'meta:conv:' .. tag, 'tenant') or redis.call('HGET', session, 'tenant_id')
  if (status and status ~= 'active'
      or redis.call('EXISTS', prefix .. 'messages:conv:' .. tag, prefix .. 'context:conv:' .. tag) > 0
      or owner and owner ~= ARGV[#ARGV])
    and not redis.call('ZSCORE', prefix .. 'seen:conv:' .. tag, 'u ' .. id) then
    return {}
  end
  -- An id that was used for something else adds nothing, and so no answer either.
  local seen = redis.call('ZSCORE', prefix .. 'seen:conv:' .. tag, 'u ' .. id)
  if seen then
    local seq = seen % 4096
    local position = string.format('%d-%d', (seen - seq) / 4096 + 1577836800000, seq)
    local entry = redis.call('XRANGE', KEYS[1], position, position)[1]
    local name = entry and cjson.decode(entry[2][2]).event
    if name and name ~= 'user.message' then return { '-used ' .. id .. ' ' .. name } end
  end
end
