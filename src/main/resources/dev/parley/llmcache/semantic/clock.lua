-- Now, in milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A key of the same partition as the first key.
local base = string.match(KEYS[1], '^(.*}:)')
local entries, ends, added, vectors = base .. 'entries', base .. 'ends', base .. 'added', base .. 'vectors'

local PART = 1000 -- ended entries that one call drops: the rest is for the next ones

-- Removes entries. A hash has their fields k (the entry's key), q (the question) and v (the vector, without a set of vectors).
local function drop(ids, of_set)
  for _, id in ipairs(ids) do
    redis.call('HDEL', entries, 'k' .. id, 'q' .. id, 'v' .. id)
    redis.call('ZREM', ends, id)
    redis.call('ZREM', added, id)
    if of_set then redis.call('VREM', vectors, id) end
  end
end

local function drop_ended(of_set)
  drop(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, PART), of_set)
end

-- All keys of the partition expire with its last entry.
local function renew()
  local last = redis.call('ZRANGE', ends, -1, -1, 'WITHSCORES')[2]
  for _, key in ipairs({ entries, ends, added, vectors }) do redis.call('PEXPIREAT', key, last) end
end
