-- How long a run has been silent. Precedes scripts that need it. append.lua has no part in this, so that appending costs
-- nothing more: the time of a run's last event is found in the log, and only once its lease seems to be over.
--
-- A run's fields in the hash of runs: `r` its state, with the position at which it began; `l` its declared lease, in ms;
-- `a` the time of its last event, as far as the log was searched.
local silence = { page = 64 }

local function ms_of(position) return tonumber(string.match(position, '^%d+')) end

-- Whether an event belongs to a run, '<run>\n<agent>', and is its agent's. Most are decided without being decoded.
function silence.says(event, run)
  local name, agent = string.match(run, '^([^\n]*)\n(.*)$')
  if not string.find(event, name == '' and agent or name, 1, true) and not string.find(event, '\\', 1, true) then return false end
  local done, decoded = pcall(cjson.decode, event)
  local payload = done and type(decoded) == 'table' and decoded.payload
  if type(payload) ~= 'table' or decoded.event == 'user.message' or decoded.event == 'user.cancel' then return false end
  local of = type(payload.run) == 'string' and payload.run or ''
  local by = type(payload.agent) == 'string' and payload.agent or ''
  return of == name and (by == agent or by == '' and name ~= '')
end

-- The time of a run's last event, in ms, if that is after `known`.
function silence.last(log, meta, run, known)
  local upto, oldest = '+', string.format('%d-0', known + 1)
  while true do
    local entries = redis.call('XREVRANGE', log, upto, oldest, 'COUNT', silence.page)
    for _, entry in ipairs(entries) do
      if silence.says(entry[2][2], run) then return ms_of(entry[1]) end
    end
    if #entries < silence.page then break end
    upto = '(' .. entries[#entries][1]
  end
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  if not first then
    -- The log has lost everything.
    local counters = redis.call('HGET', meta, 'log')
    return math.max(known, counters and ms_of(counters) or 0)
  end
  -- A trimmed event may have been the run's.
  if string.match(first[2][4], '^%d+ (%d+)') ~= '1' then return math.max(known, ms_of(first[1])) end
  return known
end

-- The time of a run's last event, as far as the log was searched, and its lease; both in ms.
function silence.known(runs, run, state, otherwise)
  local fields = redis.call('HMGET', runs, 'l ' .. run, 'a ' .. run)
  return math.max(ms_of(string.match(state, '"position":"([^"]*)"')), tonumber(fields[2] or 0)), tonumber(fields[1] or otherwise)
end

-- The remaining lease of a run, in ms, and the lease; the former is not above 0 when it is over.
function silence.left(log, meta, runs, run, state, now, otherwise)
  local known, lease = silence.known(runs, run, state, otherwise)
  if known + lease <= now then
    local last = silence.last(log, meta, run, known)
    if last > known then redis.call('HSET', runs, 'a ' .. run, string.format('%d', last)) end
    known = last
  end
  return known + lease - now, lease
end

function silence.now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
