-- Records the break that append.lua has appended: no client resumes from before it. After break.lua and append.lua.
if string.sub(results[1], 1, 1) ~= '-' then
  redis.call('HSET', c.meta, 'break', ARGV[#ARGV] .. ' ' .. match(results[1], '^=?(%S+)'))
end
return results
