-- Whether a conversation is another tenant's.
-- KEYS  head, the conversation's meta, session   ARGV  tenant, default tenant
-- Returns { 1 } when it is
local owner = owner_of(KEYS[1], KEYS[2], KEYS[3], ARGV[2])
return { (owner and owner ~= ARGV[1]) and 1 or 0 }
