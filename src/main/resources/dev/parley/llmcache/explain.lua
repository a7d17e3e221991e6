-- Reads an entry and changes nothing; after entry.lua.
-- KEYS  entry, flight, epochs
-- Returns { now, header or false, 1 if it is invalidated, bytes, TTL in ms, remaining lease of the flight in ms }
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local text = redis.call('HGET', KEYS[1], 'h')
local lines = text and header(text)
return { now, text, lines and invalid(KEYS[3], lines, lines[1]) and 1 or 0, redis.call('HSTRLEN', KEYS[1], 'v'),
  redis.call('PTTL', KEYS[1]), redis.call('PTTL', KEYS[2]) }
