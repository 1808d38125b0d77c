-- Integer arithmetic and ticks, shared by all algorithms.

local LARGEST = 9007199254740992
local LONGEST_WAIT = LARGEST / 2
local NEVER = math.huge

-- fmod is exact for all integers up to 2^53; a quotient that was rounded first would not be.
local fmod = math.fmod

local millis_now = (micros_now - fmod(micros_now, 1000)) / 1000

local function floor_div(a, b)
  local rest = fmod(a, b)
  if rest < 0 then rest = rest + b end
  return (a - rest) / b
end

local function ceil_div(a, b) return -floor_div(-a, b) end

local function ticks_now(rate) return rate.milli and millis_now or micros_now end
local function to_ticks(rate, micros) return rate.milli and floor_div(micros, 1000) or micros end

local function sum(state, first, stride)
  local total = 0
  for i = first, #state, stride do total = total + state[i] end
  return total
end

-- Returns whether two rates have the same algorithm and period.
local function same_period(a, b)
  return a.algorithm == b.algorithm and a.period == b.period and a.milli == b.milli
end
