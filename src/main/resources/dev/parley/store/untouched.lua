-- Decides that nothing is to be done where something was said in the conversation already, or is known of it, or where a session has
-- ended, which the record may have to be told of first; or where it is another tenant's than it was: an answer of the one is not for the
-- other. append.lua stands behind this.
--
-- KEYS, ARGV  those of append.lua for events of one conversation, of which the first has an id and is a person's message; behind them,
--             whose it is if it is anybody's
-- Returns {} where that is so, { '-used <id> <what>' } where the id was used for something else, else what append.lua does, which knows a message that comes again.
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
  -- An id of something else adds nothing, and so no answer either.
  local seen = redis.call('ZSCORE', prefix .. 'seen:conv:' .. tag, 'u ' .. id)
  if seen then
    local seq = seen % 4096
    local position = string.format('%d-%d', (seen - seq) / 4096 + 1577836800000, seq)
    local entry = redis.call('XRANGE', KEYS[1], position, position)[1]
    local name = entry and cjson.decode(entry[2][2]).event
    if name and name ~= 'user.message' then return { '-used ' .. id .. ' ' .. name } end
  end
end
