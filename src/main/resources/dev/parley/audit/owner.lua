-- The owner of a trail, for the scripts after this. A conversation's own tenant takes precedence over the one that began its trail.
local function owner_of(head, meta, session, default_tenant)
  if meta then
    local owner = redis.call('HGET', session, 'tenant_id')
    if owner then return owner end
    local found = redis.call('HMGET', meta, 'tenant', 'log')
    if found[1] then return found[1] end
    if found[2] then return redis.call('HGET', head, 'tenant') or default_tenant end
  end
  return redis.call('HGET', head, 'tenant')
end

-- The last entry's number and MAC: from the head, or else from the entry itself. Nothing when there is neither.
local function head_of(head, stream)
  local known = redis.call('HMGET', head, 'seq', 'mac')
  if known[1] and known[2] then return tonumber(known[1]), known[2] end
  local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if not newest then return nil end
  local fields = newest[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'mac' then return tonumber(string.match(newest[1], '^%d+')), fields[i + 1] end
  end
  return nil
end
