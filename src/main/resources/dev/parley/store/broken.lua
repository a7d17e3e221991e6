-- Notes the break that append.lua has appended: what came before it does not go on behind it. Behind break.lua and append.lua.
if string.sub(results[1], 1, 1) ~= '-' then
  redis.call('HSET', c.meta, 'break', ARGV[#ARGV] .. ' ' .. match(results[1], '^=?(%S+)'))
end
return results
