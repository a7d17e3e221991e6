-- Acknowledges and deletes marks.
-- KEYS  marks   ARGV  maximum number of marks, number of names that follow, names to be marked again, ids
local changed = tonumber(ARGV[2])
for i = 3, 2 + changed do redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'name', ARGV[i]) end
redis.call('XACK', KEYS[1], 'archiver', unpack(ARGV, 3 + changed))
redis.call('XDEL', KEYS[1], unpack(ARGV, 3 + changed))
return { 1 }
