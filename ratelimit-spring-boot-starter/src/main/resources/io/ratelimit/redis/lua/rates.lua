-- The rates of a bucket, as they are configured and as they are stored.

-- Returns the speed of a rate, as one correctly rounded quotient of integers: equal speeds are equal numbers.
local function tokens_per_micro(rate)
  local tokens = rate.capacity
  if rate.units then
    tokens = rate.interval and rate.refill or rate.refill * (rate.period / rate.units)
  end
  return tokens / (rate.period * (rate.milli and 1000 or 1))
end

local function same_configuration(a, b)
  if a.kind ~= b.kind then return false end
  for _, field in ipairs(a.algorithm.fields) do
    if a[field] ~= b[field] then return false end
  end
  return true
end

-- Returns the milliseconds until every rate is full, rounded up.
local function millis_until_full(rates)
  local longest = 0
  for _, rate in ipairs(rates) do
    local wait = rate.algorithm.ticks_until_full(rate, rate.state) + rate.state[1] - ticks_now(rate)
    longest = math.max(longest, rate.milli and wait or math.ceil(wait / 1000))
  end
  return longest
end

local function fill_all(rates)
  for _, rate in ipairs(rates) do rate.state = rate.algorithm.full(rate, ticks_now(rate)) end
end

local function all_full(rates)
  for _, rate in ipairs(rates) do
    if not rate.algorithm.is_full(rate, rate.state) then return false end
  end
  return true
end

-- Advances the stored rates to now. Returns whether the clock moved back for one of them.
local function advance_all(stored, rates)
  local moved_back = false
  for _, before in ipairs(stored) do
    for _, rate in ipairs(rates) do
      if rate.windows and rate.algorithm.can_migrate_from(rate, before) then before.windows = rate.windows end
    end
    moved_back = before.algorithm.clock_moved_back(before, before.state, ticks_now(before)) or moved_back
    before.state = before.algorithm.advance(before, before.state, ticks_now(before))
  end
  return moved_back
end

-- Returns the stored rate that a rate can migrate from, otherwise the one with the most tokens used.
local function migration_source(rate, stored)
  local most_used, source = -1
  for _, before in ipairs(stored) do
    if rate.algorithm.can_migrate_from(rate, before) then return before end
    local used = before.algorithm.used(before, before.state)
    if used > most_used then most_used, source = used, before end
  end
  return source
end

-- Returns the stored rates, with the grant and the lease of the charge copied to those that its rates can migrate from.
local function with_charge(stored, rates)
  for _, before in ipairs(stored) do
    for _, rate in ipairs(rates) do
      if rate.algorithm.can_migrate_from(rate, before) then
        before.grant_tick, before.lease, before.channel = rate.grant_tick, rate.lease, rate.channel
      end
    end
  end
  return stored
end
