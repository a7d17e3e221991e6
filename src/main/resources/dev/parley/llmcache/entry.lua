-- A header's lines: epoch, created and fresh until in ms, time to compute it in ms, cost in millionths, 'deflate' if it is compressed
-- and 'calls' if it calls tools, category, model, namespace, tags.
local function header(text)
  local lines = {}
  for line in string.gmatch(text, '([^\n]*)\n') do lines[#lines + 1] = line end
  return lines
end

-- Whether a scope of an entry was invalidated since the entry's epoch.
local function invalid(epochs, lines, epoch)
  local fields = { '*', 'm:' .. lines[8], 'n:' .. lines[9] }
  for i = 10, #lines do fields[#fields + 1] = 't:' .. lines[i] end
  for _, at in ipairs(redis.call('HMGET', epochs, unpack(fields))) do
    if at and tonumber(at) > tonumber(epoch) then return true end
  end
  return false
end

