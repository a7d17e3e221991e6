-- Lets append.lua, which follows, append the end of a run if the run is silent now. After silence.lua.
--
-- KEYS, ARGV  those of append.lua for one event, and one more: the lease of a run that declares none, in ms
-- Returns nothing when the run has ended or is not silent
do
  local prefix, run, now = ARGV[11], ARGV[17], silence.now()
  local tag = string.sub(KEYS[1], #prefix + #'events:conv:' + 1)
  local runs = prefix .. 'run:conv:' .. tag
  local state = redis.call('HGET', runs, 'r ' .. run)
  if not state or silence.left(KEYS[1], prefix .. 'meta:conv:' .. tag, runs, run, state, now, tonumber(ARGV[#ARGV])) > 0 then
    return {}
  end
  -- Later events of its agent open no run, but that agent may still end it with its whole text.
  if string.sub(run, 1, 1) ~= '\n' then
    redis.call('ZADD', prefix .. 'ended:conv:' .. tag, string.format('%d', (now - 1577836800000) * 4096), 'l ' .. run)
  end
end
