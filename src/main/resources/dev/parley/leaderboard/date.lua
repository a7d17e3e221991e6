-- Days are counted from 1970-01-01, in UTC.
local today = math.floor(tonumber(redis.call('TIME')[1]) / 86400)

-- A day's date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
local function date(day)
  local shifted = day + 719468
  local era = math.floor(shifted / 146097)
  local of_era = shifted - era * 146097
  local year = math.floor(
    (of_era - math.floor(of_era / 1460) + math.floor(of_era / 36524) - math.floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local from_march = math.floor((5 * of_year + 2) / 153)
  local month = from_march < 10 and from_march + 3 or from_march - 9
  return string.format('%04d-%02d-%02d', year + era * 400 + (month <= 2 and 1 or 0), month,
    of_year - math.floor((153 * from_march + 2) / 5) + 1)
end

-- The key of a counted value on a day.
local function key(day, what) return KEYS[1] .. ':' .. date(day) .. ':' .. what end

