-- Lets append.lua, which stands behind this, append the end of a run if the run is silent now. Behind silence.lua.
--
-- KEYS, ARGV  those of append.lua for one event, and one more: the lease of a run that declares none, in ms
-- Returns nothing when the run has ended or been heard of meanwhile
do
  local most = 64
  local prefix, run, now = ARGV[11], ARGV[17], silence.now()
  local tag = string.sub(KEYS[1], #prefix + #'events:conv:' + 1)
  local runs = prefix .. 'run:conv:' .. tag
  local state = redis.call('HGET', runs, 'r ' .. run)
  if not state or silence.left(KEYS[1], prefix .. 'meta:conv:' .. tag, runs, run, state, now, tonumber(ARGV[#ARGV])) > 0 then
    return {}
  end
  -- What comes of it later opens no run. An implicit run's name is the next one's, too.
  if string.sub(run, 1, 1) ~= '~' then
    local lost, oldest = 0, nil
    local fields = redis.call('HGETALL', runs)
    for i = 1, #fields, 2 do
      if string.sub(fields[i], 1, 2) == 'f ' then
        lost = lost + 1
        if not oldest or tonumber(fields[i + 1]) < oldest.at then oldest = { field = fields[i], at = tonumber(fields[i + 1]) } end
      end
    end
    if lost >= most then redis.call('HDEL', runs, oldest.field) end
    redis.call('HSET', runs, 'f ' .. run, string.format('%d', now))
  end
end
