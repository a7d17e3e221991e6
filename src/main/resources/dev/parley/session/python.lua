-- Reads what another program has stored under a session's keys. After types.lua.
local python = {}

-- KEYS of the session, its messages and its context; of the last two either may be missing. `most` bytes are read at most.
-- Returns nothing when none of it is another program's, otherwise the session's fields, and type and content of messages and context, with
-- the digest of everything; or nil and the reason why it can't be read.
function python.read(session, messages, context, most)
  local found, bytes, parts = { session = {}, messages = { '', {} }, context = { '', {} } }, 0, {}

  local function take(value)
    bytes = bytes + #value
    parts[#parts + 1] = #value .. ':' .. value
    return bytes <= most and value or nil
  end

  local function fields(key)
    local all = {}
    for _, name in ipairs(redis.call('HKEYS', key)) do
      if bytes + redis.call('HSTRLEN', key, name) > most then return nil end
      local value = take(redis.call('HGET', key, name))
      if not value or not take(name) then return nil end
      all[#all + 1] = name
      all[#all + 1] = value
    end
    return all
  end

  local read = {
    hash = fields,
    string = function(key)
      if bytes + redis.call('STRLEN', key) > most then return nil end
      return { take(redis.call('GET', key)) }
    end,
    list = function(key)
      local all, page = {}, 64
      for from = 0, redis.call('LLEN', key) - 1, page do
        for _, value in ipairs(redis.call('LRANGE', key, from, from + page - 1)) do
          if not take(value) then return nil end
          all[#all + 1] = value
        end
      end
      return all
    end,
  }

  local function other(key, ours)
    local type = redis.call('TYPE', key).ok
    if type == 'none' or ours then return { '', {} } end
    parts[#parts + 1] = type
    if not read[type] then return nil, 'foreign ' .. type .. ' ' .. key end
    local content = read[type](key)
    if not content then return nil, 'too_large ' .. key end
    return { type, content }
  end

  local is = redis.call('TYPE', session).ok
  if is ~= 'none' and is ~= 'hash' then return nil, 'foreign ' .. is .. ' ' .. session end
  local generation = is == 'hash' and redis.call('HGET', session, 'generation')
  if generation then return end
  if is == 'hash' then
    found.session = fields(session)
    if not found.session then return nil, 'too_large ' .. session end
  end
  local why
  if messages then
    found.messages, why = other(messages, redis.call('TYPE', messages).ok == 'stream')
    if not found.messages then return nil, why end
    found.context, why = other(context, false)
    if not found.context then return nil, why end
  end
  if #parts == 0 then return end
  found.digest = redis.sha1hex(table.concat(parts))
  return found
end
