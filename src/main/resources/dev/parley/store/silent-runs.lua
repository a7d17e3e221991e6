-- Finds a conversation's silent runs. After silence.lua.
--
-- KEYS  log, meta, runs
-- ARGV  1 lease of a run that declares none, in ms
-- Returns { now, ms until the next lease may be over or '' when no other run is in progress,
--           then for each silent run: run, agent, message_id, lease }
local most = 4 * 64
local now, found, soonest = silence.now(), {}, nil
local fields = redis.call('HGETALL', KEYS[3])
for i = 1, #fields, 2 do
  if string.find(fields[i], '^r [^\n]*\n') then
    local run, state = string.sub(fields[i], 3), fields[i + 1]
    local left, lease = silence.left(KEYS[1], KEYS[2], KEYS[3], run, state, now, tonumber(ARGV[1]))
    if left > 0 or #found == most then
      soonest = math.max(1, math.min(soonest or left, left))
    else
      local kept = cjson.decode(state)
      for _, value in ipairs({ run, kept.agent, kept.message_id, string.format('%d', lease) }) do found[#found + 1] = value end
    end
  end
end
return { string.format('%d', now), soonest and string.format('%d', soonest) or '', unpack(found) }
