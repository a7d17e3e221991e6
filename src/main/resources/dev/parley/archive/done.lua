-- Acknowledges marks, and drops them.
-- KEYS  marks   ARGV  ids
redis.call('XACK', KEYS[1], 'archiver', unpack(ARGV))
redis.call('XDEL', KEYS[1], unpack(ARGV))
return { 1 }
