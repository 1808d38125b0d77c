-- Reads the next full entry from KEYS and ARGV, and requests of short entries.

local plan = ARGV[1]
local argument = 1 + byte(plan)

local function next_text()
  argument = argument + 1
  return ARGV[argument]
end

local function next_number() return tonumber(next_text()) end

local function next_rate()
  local rate = new_rate(next_number())
  for _, field in ipairs(rate.algorithm.fields) do
    rate[field] = field == 'calendar' and next_text() or next_number()
  end
  if rate.calendar and rate.calendar ~= '' then
    rate.windows = {}
    for i = 1, 2 * next_number() do rate.windows[i] = next_number() end
  end
  if rate.algorithm.lease_state then rate.lease, rate.channel = next_number(), next_text() end
  if operation == 'return' then rate.grant_tick = next_number() end
  return rate
end

local longest_wait = 0

local function next_buckets()
  local buckets = {}
  local keys = next_number()
  longest_wait = next_number()
  for i = 1, keys do
    last_key = last_key + 1
    buckets[i] = { key = KEYS[last_key], cost = next_number(), rates = {} }
    for j = 1, next_number() do buckets[i].rates[j] = next_rate() end
  end
  return buckets
end

local function current_shape() return ARGV[1 + byte(plan, entry + 1)] end

-- Returns the buckets of one request of the current entry, which is short.
local function short_buckets()
  local shape, buckets, at = current_shape(), {}, 2
  longest_wait = 0
  while at <= #shape do
    local rate, numbers = new_rate(byte(shape, at)), { unpack('>I7I7I7I7I7', shape, at + 1) }
    for i, field in ipairs(rate.algorithm.fields) do
      rate[field] = field == 'calendar' and '' or numbers[i + 1]
    end
    buckets[#buckets + 1] = { key = KEYS[last_key + #buckets + 1], cost = numbers[1], rates = { rate } }
    at = at + 37 + byte(shape, at + 36)
  end
  return buckets
end

-- Makes the next entry of the plan the current one.
local function end_entry()
  if wanted > 0 then last_key = last_key + byte(current_shape()) end
  entry = entry + 2
  wanted = byte(plan, entry)
end
