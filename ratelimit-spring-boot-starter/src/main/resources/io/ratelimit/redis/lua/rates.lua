-- Buckets: what the call says of a key, and what the key has.

-- One correctly rounded quotient of integers, so that equal speeds are equal numbers.
local function tokens_per_micro(rate)
  local tokens = rate.capacity
  if rate.units then
    tokens = rate.interval and rate.refill or rate.refill * (rate.period / rate.units)
  end
  return tokens / (rate.period * (rate.milli and 1000 or 1))
end

local function counts_like(a, b)
  if a.kind ~= b.kind then return false end
  for _, field in ipairs(a.algorithm.fields) do
    if a[field] ~= b[field] then return false end
  end
  return true
end

-- Milliseconds until every rate is full again, rounded up.
local function time_to_full(rates)
  local longest = 0
  for _, rate in ipairs(rates) do
    local wait = rate.algorithm.until_full(rate, rate.state) + rate.state[1] - ticks_now(rate)
    longest = math.max(longest, rate.milli and wait or math.ceil(wait / 1000))
  end
  return longest
end

local function fill(rates)
  for _, rate in ipairs(rates) do rate.state = rate.algorithm.full(rate, ticks_now(rate)) end
end

local function is_full(rates)
  for _, rate in ipairs(rates) do
    if not rate.algorithm.is_full(rate, rate.state) then return false end
  end
  return true
end

-- Brings stored rates up to now; true says that the clock was set back for good.
local function refresh(stored, rates)
  local set_back = false
  for _, before in ipairs(stored) do
    for _, rate in ipairs(rates) do
      if rate.windows and rate.algorithm.continues(rate, before) then before.windows = rate.windows end
    end
    set_back = before.algorithm.is_set_back(before, before.state, ticks_now(before)) or set_back
    before.state = before.algorithm.refreshed(before, before.state, ticks_now(before))
  end
  return set_back
end

-- The stored rate that a rate continues, else the one that has most out.
local function origin(rate, stored)
  local most_out, emptiest = -1
  for _, before in ipairs(stored) do
    if rate.algorithm.continues(rate, before) then return before end
    local out = before.algorithm.out(before, before.state)
    if out > most_out then most_out, emptiest = out, before end
  end
  return emptiest
end

-- The stored rates, and what a charge says of those among them that continue one of its own.
local function with_charge(stored, rates)
  for _, before in ipairs(stored) do
    for _, rate in ipairs(rates) do
      if rate.algorithm.continues(rate, before) then
        before.granted, before.lease, before.channel = rate.granted, rate.lease, rate.channel
      end
    end
  end
  return stored
end
