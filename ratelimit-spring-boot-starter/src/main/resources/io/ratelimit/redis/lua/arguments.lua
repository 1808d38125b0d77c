-- Reads the next entry from KEYS and ARGV.

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

-- Returns the bucket of one request of an 'each'.
local function each_bucket()
  local rate = new_rate(each.kind)
  rate.period, rate.capacity, rate.refill, rate.units = each.period, each.capacity, each.refill, each.units
  longest_wait = 0
  return { { key = KEYS[each.key], cost = each.cost, rates = { rate } } }
end
