-- Whether a conversation belongs to another tenant.
-- KEYS  head, the conversation's meta, session   ARGV  tenant, default tenant
-- Returns { 'another' } when it is, { 'own' } when it is not, { 'unknown' } when only the archive may know
local owner = owner_of(KEYS[1], KEYS[2], KEYS[3], ARGV[2])
return { not owner and 'unknown' or owner == ARGV[1] and 'own' or 'another' }
