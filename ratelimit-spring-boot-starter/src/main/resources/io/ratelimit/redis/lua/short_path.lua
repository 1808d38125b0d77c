-- The short path: decides short entries without the rest of the script.
--
-- It decides an entry if each of its keys has no value, or a short value that was written under the same rate. It does not if
-- the clock was set back, but for smooth token buckets: by less than their time to fill. The rest of the script decides everything else. It has the same results, but takes several times as long, because it
-- creates the functions of an algorithm first. Redis runs scripts on one thread, so this file is written for speed: it creates
-- no table, and its functions share no variables, because each would be an object. It mirrors the Java classes of the
-- algorithms, as their own files do.
--
-- The state of a key in the results has seven bytes for each number: for a smooth token bucket the level; for one that is
-- refilled by intervals the start of the current period and the level; for a counter the counts of the current and of the
-- previous window; for a fixed window its count.

-- Decides requests for the keys from the given one on, whose part of the shape begins at a position. Returns how many requests
-- all these keys admit, and their states. Returns nil if the rest of the script must decide, and then nothing is written, or if
-- a write failed, and then also the error.
local function take(key, shape, position, wanted, micros_now)
  local call, sub, pack, unpack = redis.pcall, string.sub, struct.pack, struct.unpack
  local largest = 9007199254740992
  local kind, cost, period, capacity, third, fourth, size, at = unpack('>BI7I7I7I7I7B', shape, position)
  local prefix, milli = sub(shape, at, at + size - 1), kind % 4 > 1
  local now = milli and (micros_now - micros_now % 1000) / 1000 or micros_now
  local value = call('GET', KEYS[key])
  if cost > capacity or value and (type(value) ~= 'string' or sub(value, 1, size) ~= prefix) then return end

  local since, level, previous, full, free, price, state = now, 0, 0
  if kind < 4 then
    full, price = capacity * fourth, cost * fourth
    level = full
    if value then
      if #value ~= size + 14 then return end
      since, level = unpack('>I7i7', value, size + 1)
      if level > full or full - level + third > largest or full + third > largest then return end
      local refills, start = now - since, now
      if since > now then
        if kind % 2 == 1 or now < since - full / third then return end
        refills, start = 0, since
      elseif kind % 2 == 1 then
        start = now - refills % period
        refills = (start - since) / period
      end
      if refills * third < full - level then
        since, level = start, level + refills * third
      else
        since, level = now, full
      end
    end
    free = level
    state = kind % 2 == 0 and pack('>i7', level) or pack('>I7i7', since, level)
  elseif kind < 12 then
    local phase = now % period
    if value then
      if #value ~= size + 21 then return end
      since, level, previous = unpack('>I7I7I7', value, size + 1)
      if since > now or level > largest or previous > 2 * capacity then return end
      local windows = (now - phase - since + since % period) / period
      if windows > 0 then level, previous = 0, windows == 1 and level or 0 end
      since = now
    end
    free, price = capacity - level, cost
    if previous > 0 then
      local short_step = period % third
      local steps = (period - short_step) / third + (short_step > 0 and 1 or 0)
      local counted = previous * (steps - (phase - phase % third) / third)
      local rest = counted % steps
      free = free - (counted - rest) / steps - (rest > 0 and 1 or 0)
    end
    state = pack('>I7I7', level, previous)
  else
    if value then
      if #value ~= size + 14 then return end
      since, level = unpack('>I7I7', value, size + 1)
      if since > now or level < 1 or level > largest then return end
      if since < now - now % period then level = 0 end
      since = now
    end
    free, price = capacity - level, cost
    state = pack('>I7', level)
  end

  local admitted = wanted
  if cost > 0 then admitted = free < price and 0 or math.min(wanted, (free - free % price) / price) end
  if at + size <= #shape then
    local states
    admitted, states = take(key + 1, shape, at + size, admitted, micros_now)
    if not admitted then return nil, states end
    state = state .. states
  end
  if admitted > 0 and cost > 0 then
    local ticks
    if kind < 4 then
      level = level - admitted * price
      local partial = (full - level) % third
      ticks = ((full - level - partial) / third + (partial > 0 and 1 or 0)) * (kind % 2 == 0 and 1 or period) + since - now
      value = pack('>I7i7', since, level)
    else
      level = level + admitted * cost
      ticks = (kind < 12 and 2 or 1) * period - now % period
      value = kind < 12 and pack('>I7I7I7', since, level, previous) or pack('>I7I7', since, level)
    end
    local part = milli and 0 or ticks % 1000
    local ttl = (milli and ticks or (ticks - part) / 1000) + (part > 0 and 2 or 1)
    local failure = call('SET', KEYS[key], prefix .. value, 'PX', ttl).err
    if failure then return nil, failure end
  end
  return admitted, state
end

-- Decides short entries until one needs the rest of the script, or until a full entry. Takes the position of the current entry
-- in the plan, the number of its remaining requests (0 for a full entry, nil after the last), the number of keys that were read
-- and the results. Returns the same, and the error if a write failed.
local function decide_short(entry, wanted, last_key, results, micros_now, take)
  local plan, byte = ARGV[1], string.byte
  while wanted and wanted > 0 do
    local shape = ARGV[1 + byte(plan, entry + 1)]
    local admitted, states = take(last_key + 1, shape, 2, wanted, micros_now)
    if not admitted then return entry, wanted, last_key, results, states end
    results = results .. string.char(admitted) .. states
    last_key, entry = last_key + byte(shape), entry + 2
    wanted = byte(plan, entry)
  end
  return entry, wanted, last_key, results
end

local entry, wanted, last_key, results, failure =
  decide_short(2, string.byte(ARGV[1], 2), 0, struct.pack('>I7', micros_now), micros_now, take)
if not wanted then return { results } end
