-- Decides charges on token buckets, all or none, by the server's clock. See docs/algorithm.md.
--
-- KEYS  one bucket each
-- ARGV  'take', 'return', or 'refuse' to take nothing whatever the levels; then for each key: cost in thousandths, number of rates, and for each rate
--       kind (1: interval refill, + 2: tick of a millisecond), period, refill, units of a thousandth, capacity in thousandths
-- reply admitted (1 or 0), values healed, then for each rate: level before anything was taken, ticks into its period
--
-- A value is an instant before which it must be kept (0: none, see settle), then the rates that wrote it, seven numbers
-- each: kind, period, refill, units, capacity, level, time.

local FIELDS = 7
local LARGEST = 9007199254740992

local function micros()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function save(key, value, ttl)
  redis.call('SET', key, value, 'PX', string.format('%.0f', ttl))
end

-- Exact for all integers up to 2^53, where a rounded quotient would not be.
local function floor_div(a, b)
  local rest = math.fmod(a, b)
  if rest < 0 then rest = rest + b end
  return (a - rest) / b
end

local function ceil_div(a, b) return -floor_div(-a, b) end

local function is_interval(kind) return kind % 2 == 1 end
local function is_milli(kind) return kind >= 2 end

local micros_now = micros()
local millis_now = floor_div(micros_now, 1000)

local function ticks(kind)
  return is_milli(kind) and millis_now or micros_now
end

local function full(rate) return rate.capacity * rate.units end

-- The rates of a value with their state and the instant to keep it until, or nil where it is none of ours.
local function decode(value)
  local ok, numbers = pcall(function() return { cmsgpack.unpack(value) } end)
  if not ok or #numbers <= FIELDS or #numbers % FIELDS ~= 1 then return nil end
  for i = 1, #numbers do
    local number = numbers[i]
    if type(number) ~= 'number' or number ~= math.floor(number) or math.abs(number) > LARGEST then return nil end
  end
  local rates = {}
  for i = 2, #numbers, FIELDS do
    local rate = {
      kind = numbers[i], period = numbers[i + 1], refill = numbers[i + 2], units = numbers[i + 3],
      capacity = numbers[i + 4], level = numbers[i + 5], time = numbers[i + 6],
    }
    if rate.kind < 0 or rate.kind > 3 or rate.period < 1 or rate.refill < 1 or rate.units < 1 or rate.capacity < 1
      or full(rate) + rate.refill > LARGEST or rate.level > full(rate)
      or full(rate) - rate.level + rate.refill > LARGEST or rate.time < 0 then
      return nil
    end
    rates[#rates + 1] = rate
  end
  return rates, numbers[1]
end

local function encode(keep, rates)
  local numbers = { keep }
  for _, rate in ipairs(rates) do
    local n = #numbers
    numbers[n + 1], numbers[n + 2], numbers[n + 3] = rate.kind, rate.period, rate.refill
    numbers[n + 4], numbers[n + 5], numbers[n + 6], numbers[n + 7] = rate.units, rate.capacity, rate.level, rate.time
  end
  return cmsgpack.pack(unpack(numbers))
end

-- Brings level and time up to now. A clock that was set back for good, by more than the time to full, starts afresh from
-- now with the level it finds; one that was set back a little waits. True says that it was set back for good.
local function refill(rate)
  local now = ticks(rate.kind)
  local steps_to_full = ceil_div(full(rate) - rate.level, rate.refill)
  local longest = ceil_div(full(rate), rate.refill) * (is_interval(rate.kind) and rate.period or 1)
  local set_back = now < rate.time - longest
  if set_back then rate.time = now end
  local current = math.max(now, rate.time)
  if is_interval(rate.kind) then
    local periods = floor_div(current - rate.time, rate.period)
    rate.level = math.min(full(rate), rate.level + math.min(periods, steps_to_full) * rate.refill)
    rate.time = rate.level == full(rate) and current or rate.time + periods * rate.period
  else
    rate.level = math.min(full(rate), rate.level + math.min(current - rate.time, steps_to_full) * rate.refill)
    rate.time = current
  end
  return set_back
end

-- One correctly rounded quotient of integers, so that equal speeds are equal numbers.
local function tokens_per_micro(rate)
  local each_period = is_interval(rate.kind) and rate.refill or rate.refill * (rate.period / rate.units)
  return each_period / (rate.period * (is_milli(rate.kind) and 1000 or 1))
end

-- Continues the state of a stored rate on the scale of a configured one: whole thousandths, at most the new capacity. A
-- period goes on only where both have one; without one, time before now would be refilled a second time.
local function adopt(rate, stored)
  rate.level = stored.level
  if stored.units ~= rate.units then
    rate.level = math.min(floor_div(stored.level, stored.units), rate.capacity) * rate.units
  end
  rate.level = math.min(rate.level, full(rate))
  rate.time = stored.time
  if is_interval(rate.kind) ~= is_interval(stored.kind) or is_interval(rate.kind) and rate.level == full(rate) then
    rate.time = math.max(ticks(rate.kind), stored.time)
  end
end

local function same_period(a, b)
  return a.period == b.period and is_milli(a.kind) == is_milli(b.kind)
end

local function same_scale(a, b)
  return a.kind == b.kind and a.period == b.period and a.refill == b.refill and a.units == b.units and a.capacity == b.capacity
end

-- Milliseconds until every rate is full again, rounded up.
local function time_to_full(rates)
  local longest = 0
  for _, rate in ipairs(rates) do
    local steps = ceil_div(full(rate) - rate.level, rate.refill)
    local wait = (is_interval(rate.kind) and steps * rate.period or steps) + rate.time - ticks(rate.kind)
    longest = math.max(longest, is_milli(rate.kind) and wait or math.ceil(wait / 1000))
  end
  return longest
end

local function fill(rates)
  for _, rate in ipairs(rates) do rate.level, rate.time = full(rate), ticks(rate.kind) end
end

local function is_full(rates)
  for _, rate in ipairs(rates) do
    if rate.level < full(rate) then return false end
  end
  return true
end

-- Gives the configured rates of a bucket their state: full where there is none, else each that of the stored rate of its
-- period. A rate that was not stored starts with as many tokens out as the stored rate that has most out.
local function load(bucket)
  local value = redis.pcall('GET', bucket.key)
  if type(value) == 'table' and not string.find(value.err, 'WRONGTYPE', 1, true) then error(value.err) end
  local stored, keep
  if type(value) == 'string' then stored, keep = decode(value) end
  bucket.keep = 0
  bucket.foreign = value and not stored
  if not stored then return fill(bucket.rates) end
  local most_out, emptiest, same = 0, stored[1], #stored == #bucket.rates
  for i, before in ipairs(stored) do
    bucket.set_back = refill(before) or bucket.set_back
    local out = before.capacity - floor_div(before.level, before.units)
    if out > most_out then most_out, emptiest = out, before end
    same = same and same_scale(before, bucket.rates[i])
  end
  bucket.keep = same and keep or math.max(keep, millis_now + time_to_full(stored))
  if same and is_full(stored) then return fill(bucket.rates) end
  for _, rate in ipairs(bucket.rates) do
    rate.level, rate.time = math.max(0, rate.capacity - most_out) * rate.units, ticks(rate.kind)
    local origin = emptiest
    for _, before in ipairs(stored) do
      if same_period(rate, before) then
        adopt(rate, before)
        origin = before
      end
    end
    rate.faster = tokens_per_micro(rate) > tokens_per_micro(origin)
  end
end

-- Whether a refusal is written after all: if the charge fits one day, and the day comes sooner so. On a clock that was set
-- back, or with the slower rate that a bucket was last charged under, it would come late or never. Where two configurations
-- take turns only the faster one rewrites, so no refill is lost to rounding on the way to and fro.
local function is_rewritten(bucket)
  local sooner = bucket.set_back
  local short = false
  for _, rate in ipairs(bucket.rates) do
    if bucket.cost > rate.capacity then return false end
    if rate.level < bucket.cost * rate.units then
      short = true
      sooner = sooner or rate.faster
    end
  end
  return short and sooner
end

-- Takes or returns the cost and writes the bucket back; a full one is no bucket. Where two configurations meet on a key, a
-- bucket that is full by the smaller may not be by the larger, which would find it full once it is gone. So it is kept
-- until it is full by both.
local function settle(bucket, sign)
  local kept = bucket.keep > millis_now
  local wait_before = kept and time_to_full(bucket.rates)
  for _, rate in ipairs(bucket.rates) do
    rate.level = math.min(full(rate), rate.level + sign * bucket.cost * rate.units)
  end
  local wait = time_to_full(bucket.rates)
  local keep = kept and math.min(LARGEST, bucket.keep + math.max(0, wait - wait_before) + 1) or 0
  if is_full(bucket.rates) and not kept then
    redis.call('DEL', bucket.key)
  else
    -- One more, because the server expires by whole milliseconds.
    save(bucket.key, encode(keep, bucket.rates), math.min(LARGEST, math.max(wait, keep - millis_now) + 1))
  end
end

local buckets, reply = {}, { 1, 0 }
local argument = 2
for i, key in ipairs(KEYS) do
  local bucket = { key = key, cost = tonumber(ARGV[argument]), rates = {} }
  local count = tonumber(ARGV[argument + 1])
  argument = argument + 2
  for j = 1, count do
    bucket.rates[j] = {
      kind = tonumber(ARGV[argument]), period = tonumber(ARGV[argument + 1]), refill = tonumber(ARGV[argument + 2]),
      units = tonumber(ARGV[argument + 3]), capacity = tonumber(ARGV[argument + 4]),
    }
    argument = argument + 5
  end
  load(bucket)
  if bucket.foreign then reply[2] = reply[2] + 1 end
  for _, rate in ipairs(bucket.rates) do
    if bucket.cost > rate.capacity or rate.level < bucket.cost * rate.units then reply[1] = 0 end
    reply[#reply + 1] = rate.level
    reply[#reply + 1] = is_interval(rate.kind) and ticks(rate.kind) - rate.time or 0
  end
  buckets[i] = bucket
end

local operation = ARGV[1]
for _, bucket in ipairs(buckets) do
  if bucket.cost > 0 and operation == 'return' then
    settle(bucket, 1)
  elseif bucket.cost > 0 and operation == 'take' and reply[1] == 1 then
    settle(bucket, -1)
  elseif bucket.cost > 0 and is_rewritten(bucket) then
    settle(bucket, 0)
  elseif bucket.foreign then
    redis.call('DEL', bucket.key)
  end
end
return reply
