-- Reads a session in the original Python format. After types.lua and python.lua.
--
-- KEYS  session, and where they are on its slot messages and context
-- ARGV  1 bytes at most
-- Returns {} when there is none, { 'known' } when there is one of Parley's
--      or { 'foreign <type> <key>' }, { 'too_large <key>' }
--      or { 'python', digest, fields, type of messages, messages, type of context, context }
local found, why = python.read(KEYS[1], KEYS[2], KEYS[3], tonumber(ARGV[1]))
if why then return { why } end
if not found then return redis.call('EXISTS', KEYS[1]) == 1 and { 'known' } or {} end
return { 'python', found.digest, found.session, found.messages[1], found.messages[2], found.context[1], found.context[2] }
