-- What Redis knows of a stream without reading it. Precedes scripts that need it.
--
-- An entry that was added is in the stream, or has been trimmed or deleted: `gone` counts those. A stream that is longer than what was
-- read of it can be trimmed past its reader; `gone` less the entries that were read says how many were lost.
local function info(values)
  local fields = {}
  for i = 1, #values, 2 do fields[values[i]] = values[i + 1] end
  return fields
end

local function order(id)
  local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function before(a, b)
  local ams, aseq = order(a)
  local bms, bseq = order(b)
  return ams < bms or (ams == bms and aseq < bseq)
end

-- Its last id ever, the first entry's id ('' when it is empty), the number of entries ever added and the number of removed ones; the counts are
-- -1 where the server does not keep them.
local function stream_state(key)
  local fields = info(redis.call('XINFO', 'STREAM', key))
  local first, added = fields['first-entry'], fields['entries-added']
  return { last = fields['last-generated-id'], first = first and first[1] or '', added = added or -1,
           gone = added and added - fields.length or -1 }
end

-- The group's last-delivered id, and the number of entries ever added up to it, false when unknown; nil without the group.
local function group_state(key, group)
  for _, values in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local fields = info(values)
    if fields.name == group then return { id = fields['last-delivered-id'], count = fields['entries-read'] } end
  end
end

local function number(n) return string.format('%.0f', n) end
