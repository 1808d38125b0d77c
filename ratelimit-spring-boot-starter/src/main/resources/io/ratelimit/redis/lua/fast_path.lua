-- The fast path: decides the most frequent entries without the rest of the script.
--
-- It decides the requests of an 'each' whose key has no value, or a valid value that was written under the same rate. The
-- rest of the script decides everything else. It has the same results for 'each', but takes several times as long, because it
-- creates the functions of an algorithm first. Redis runs scripts on one thread, so this function is written for speed: it
-- calls no other function of the script, and creates a table only if it cannot decide. It mirrors TokenBucket.java, as
-- token_bucket.lua does.

local STATE_FORMAT, STATE_BYTES = '>I7i7', 14

-- Decides entries until one needs the rest of the script. Takes the number of remaining entries, the number of arguments and
-- of keys that were read, and the state of an 'each' that is in progress (its numbers, the next key, the last key, and the
-- number of requests for the next key). Returns nothing if all entries are decided; otherwise the same values, with the
-- operation of the entry before the state of the 'each'.
local function decide_fast(entries, argument, last_key, each)
  local KEYS, ARGV, reply, largest, state_bytes = KEYS, ARGV, reply, LARGEST, STATE_BYTES
  local call, sub, byte, pack, unpack = redis.pcall, string.sub, string.byte, struct.pack, struct.unpack
  local cost, kind, period, capacity, refill, units, prefix, counts, key, last, wanted
  if each then
    cost, kind, period, capacity, refill = each.cost, each.kind, each.period, each.capacity, each.refill
    units, prefix, counts, key, last, wanted = each.units, each.prefix, each.counts, each.key, each.last, each.wanted
  end
  local answered = #reply
  while entries > 0 or wanted do
    if not wanted then
      entries = entries - 1
      local operation = ARGV[argument + 1]
      if operation ~= 'each' then return entries, argument + 1, last_key, operation end
      kind, cost, period, capacity, refill, units = unpack('>BI7I7I7I7I7', ARGV[argument + 2])
      prefix, counts = ARGV[argument + 3], ARGV[argument + 4]
      argument, key, last, wanted = argument + 4, last_key + 1, last_key + #counts, byte(counts)
      last_key = last
    end

    local milli, full, price, state_at = kind == 2, capacity * units, cost * units, #prefix + 1
    local now = milli and (micros_now - fmod(micros_now, 1000)) / 1000 or micros_now
    while wanted and cost <= capacity do
      local at, level = now, full
      local value = call('GET', KEYS[key])
      if value then
        if type(value) ~= 'string' or #value ~= #prefix + state_bytes or sub(value, 1, #prefix) ~= prefix then break end
        at, level = unpack(STATE_FORMAT, value, state_at)
        if at > largest or level < -largest or level > full or full - level + refill > largest
          or full + refill > largest or now < at - full / refill then break end
        if now > at then
          local refilled = (now - at) * refill
          at, level = now, refilled < full - level and level + refilled or full
        end
      end

      local admitted = wanted
      if wanted * price > level and cost > 0 then
        admitted = level < price and 0 or (level - fmod(level, price)) / price
      end
      if admitted > 0 and cost > 0 then
        local remaining = level - admitted * price
        local remainder = fmod(full - remaining, refill)
        local wait = (full - remaining - remainder) / refill + (remainder > 0 and 1 or 0) + at - now
        local ttl = (milli and wait or math.ceil(wait / 1000)) + 1
        if call('SET', KEYS[key], prefix .. pack(STATE_FORMAT, at, remaining), 'PX', ttl).err then break end
      end
      reply[answered + 1], reply[answered + 2] = 4 + admitted, level
      answered, key = answered + 2, key + 1
      wanted = key <= last and byte(counts, #counts - last + key)
    end
    if wanted then
      return entries, argument, last_key, 'each', {
        cost = cost, kind = kind, period = period, capacity = capacity, refill = refill,
        units = units, prefix = prefix, counts = counts, key = key, last = last, wanted = wanted,
      }
    end
  end
end

local entries, argument, last_key, operation, each = decide_fast(tonumber(ARGV[1]), 1, 0)
if not entries then return reply end
