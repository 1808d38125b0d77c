-- Decides charges by the server's clock: one decision after the other, each all or none, and each sees what those before it
-- wrote. docs/algorithms.md says what is decided; the functions of an algorithm have the names of those of its Java class,
-- which says why, and the same results.
--
-- KEYS  those of all entries in turn: one for each limit and subject; to 'renew' one for each lease
-- ARGV  the number of entries, each of which is one decision, or some that are alike:
--       'take', 'queue' to queue for leases if they are short, 'return', 'owe' to take whatever fits, 'read' to take nothing,
--       or 'renew'; the number of keys; the longest wait in µs; then for each key: cost in thousandths, number of rates, and
--       for each rate: kind, the fields of its algorithm, for a calendar the number of its windows and start and end of each
--       in ms, for leases the id of the charge's lease and the channel of those that are ready, and for 'return' the tick of
--       the grant
--       or 'each', to take now from each of some keys by itself, which has one smooth token bucket: kind, cost and the fields
--       of the rate in one byte and five times seven; how a value of it begins; for each key one byte, how often
-- reply µs now; then in turn of each decision 1 if admitted, else 0; values healed; how many numbers follow: for each rate the
--       four that see() tells, or to 'renew' for each lease 0 if it is held, 1 ready, 2 waiting, 3 lost
--       or 2, an instant in ms whose window of a calendar was not told: nothing was changed
--       or 3, an error: nothing was decided for the entry, or for the rest that 'each' wants of the key
--       or 4 + how many are admitted of the rest that 'each' wants of the key, the level that the first of them sees
--
-- A kind is 4 * algorithm, + 2 for a tick of a millisecond, + 1 for interval refill. A value is one array: an instant
-- before which it must be kept (0: none, see settle), then for each rate that wrote it kind, fields and state. The first
-- number of a state is the instant of its last change. The one of a smooth token bucket alone is shorter, see to_parts.

local LARGEST = 9007199254740992
local LONGEST_WAIT = LARGEST / 2
local NEVER = math.huge

-- Remainders are exact for all integers up to 2^53, where a rounded quotient would not be.
local fmod = math.fmod

local time = redis.call('TIME')
local micros_now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local reply = { micros_now }

-- A short way for the calls that are most frequent: they take from one smooth token bucket of one key, which is as it was
-- left under the same configuration, and are admitted, or refused without a wait. Anything else, or any doubt, is for what
-- follows, which decides these calls in the same way and takes several times as long, most of it for its functions. The
-- server has one thread for all, so this is written for speed: no function, table or variable of another function that can
-- be done without.

local STATE, STATE_BYTES = '>I7i7', 14

-- Takes the entries that are to come, how many arguments and keys were read, and what is left of an 'each' that was begun:
-- its numbers, the key that is next, the last one, and how often the next one is wanted. Returns nothing when all is
-- decided; at a decision that is for what follows the same again, and its operation before the last.
local function decide_shortly(entries, argument, last_key, each)
  local KEYS, ARGV, reply, largest, state_bytes = KEYS, ARGV, reply, LARGEST, STATE_BYTES
  local call, sub, byte, pack, unpack = redis.pcall, string.sub, string.byte, struct.pack, struct.unpack
  local cost, kind, period, capacity, refill, units, scale, times, key, last, left
  if each then
    cost, kind, period, capacity, refill = each.cost, each.kind, each.period, each.capacity, each.refill
    units, scale, times, key, last, left = each.units, each.scale, each.times, each.key, each.last, each.left
  end
  local answered = #reply
  while entries > 0 or left do
    if not left then
      entries = entries - 1
      local operation = ARGV[argument + 1]
      if operation ~= 'each' then return entries, argument + 1, last_key, operation end
      kind, cost, period, capacity, refill, units = unpack('>BI7I7I7I7I7', ARGV[argument + 2])
      scale, times = ARGV[argument + 3], ARGV[argument + 4]
      argument, key, last, left = argument + 4, last_key + 1, last_key + #times, byte(times)
      last_key = last
    end

    local milli, full, price, state_at = kind == 2, capacity * units, cost * units, #scale + 1
    local now = milli and (micros_now - fmod(micros_now, 1000)) / 1000 or micros_now
    while left and cost <= capacity do
      local at, level = now, full
      local value = call('GET', KEYS[key])
      if value then
        if type(value) ~= 'string' or #value ~= #scale + state_bytes or sub(value, 1, #scale) ~= scale then break end
        at, level = unpack(STATE, value, state_at)
        if at > largest or level < -largest or level > full or full - level + refill > largest
          or full + refill > largest or now < at - full / refill then break end
        if now > at then
          local came = (now - at) * refill
          at, level = now, came < full - level and level + came or full
        end
      end

      local admitted = left
      if left * price > level and cost > 0 then
        admitted = level < price and 0 or (level - fmod(level, price)) / price
      end
      if admitted > 0 and cost > 0 then
        local remaining = level - admitted * price
        local rest = fmod(full - remaining, refill)
        local wait = (full - remaining - rest) / refill + (rest > 0 and 1 or 0) + at - now
        local ttl = (milli and wait or math.ceil(wait / 1000)) + 1
        if call('SET', KEYS[key], scale .. pack(STATE, at, remaining), 'PX', ttl).err then break end
      end
      reply[answered + 1], reply[answered + 2] = 4 + admitted, level
      answered, key = answered + 2, key + 1
      left = key <= last and byte(times, #times - last + key)
    end
    if left then
      return entries, argument, last_key, 'each', {
        cost = cost, kind = kind, period = period, capacity = capacity, refill = refill,
        units = units, scale = scale, times = times, key = key, last = last, left = left,
      }
    end
  end
end

local entries, argument, last_key, operation, each = decide_shortly(tonumber(ARGV[1]), 1, 0)
if not entries then return reply end

local millis_now = (micros_now - fmod(micros_now, 1000)) / 1000

local function floor_div(a, b)
  local rest = fmod(a, b)
  if rest < 0 then rest = rest + b end
  return (a - rest) / b
end

local function ceil_div(a, b) return -floor_div(-a, b) end

local function ticks_now(rate) return rate.milli and millis_now or micros_now end
local function ticks(rate, micros) return rate.milli and floor_div(micros, 1000) or micros end

local function sum(state, first, each)
  local total = 0
  for i = first, #state, each do total = total + state[i] end
  return total
end

local function same_period(a, b)
  return a.algorithm == b.algorithm and a.period == b.period and a.milli == b.milli
end

-- Each algorithm is made when a rate of it is met, because a server runs this file from the start for each call.

local untold

-- Token bucket: instant, level in units. With interval refill the instant is the start of the period.

local function new_token_bucket()
  local token_bucket = { fields = { 'period', 'capacity', 'refill', 'units' } }

  local function full_level(rate) return rate.capacity * rate.units end
  local function steps(rate, units) return ceil_div(units, rate.refill) end
  local function step(rate) return rate.interval and rate.period or 1 end

  function token_bucket.full(rate, now) return { now, full_level(rate) } end

  function token_bucket.is_set_back(rate, state, now)
    return now < state[1] - steps(rate, full_level(rate)) * step(rate)
  end

  function token_bucket.refreshed(rate, state, now)
    local since = token_bucket.is_set_back(rate, state, now) and now or state[1]
    local current = math.max(now, since)
    local came = floor_div(current - since, step(rate))
    local full = full_level(rate)
    local level = math.min(full, state[2] + math.min(came, steps(rate, full - state[2])) * rate.refill)
    return { rate.interval and level < full and since + came * rate.period or current, level }
  end

  function token_bucket.is_full(rate, state) return state[2] == full_level(rate) end

  function token_bucket.see(rate, state, now)
    return { now, state[2], rate.interval and now - state[1] or 0, 0 }
  end

  function token_bucket.until_admitted(rate, seen, cost)
    if cost == 0 then return 0 end
    local missing = cost * rate.units - seen[2]
    return missing <= 0 and 0 or steps(rate, missing) * step(rate) - seen[3]
  end

  function token_bucket.longest_wait(rate)
    local most = floor_div(LARGEST - full_level(rate), rate.refill) - 1
    return math.min(most, floor_div(LARGEST, step(rate)) - 1) * step(rate)
  end

  function token_bucket.taken(rate, state, cost) return { state[1], state[2] - cost * rate.units } end

  function token_bucket.owed(rate, state, cost)
    local full = full_level(rate)
    local owing = state[2] - math.min(cost, 2 * rate.capacity) * rate.units
    return { state[1], math.min(state[2], math.max(-full, full + rate.refill - LARGEST, owing)) }
  end

  function token_bucket.returned(rate, state, cost, granted)
    if state[1] - granted >= steps(rate, full_level(rate)) * step(rate) then return state end
    return { state[1], math.min(full_level(rate), state[2] + cost * rate.units) }
  end

  function token_bucket.out(rate, state)
    return math.min(rate.capacity, rate.capacity - floor_div(state[2], rate.units))
  end

  function token_bucket.with_out(rate, out, now) return { now, math.max(0, rate.capacity - out) * rate.units } end

  token_bucket.continues = same_period

  function token_bucket.continued(rate, state, before, now)
    local full, level = full_level(rate), state[2]
    if before.units ~= rate.units then
      level = math.min(floor_div(level, before.units), rate.capacity) * rate.units
    end
    level = math.max(math.min(level, full), full + rate.refill - LARGEST)
    local goes_on = rate.interval == before.interval and not (rate.interval and level == full)
    return { goes_on and state[1] or math.max(now, state[1]), level }
  end

  function token_bucket.until_full(rate, state) return steps(rate, full_level(rate) - state[2]) * step(rate) end

  function token_bucket.store(state, put)
    put(state[1])
    put(state[2])
  end

  function token_bucket.restore(rate, get)
    local state = { get(0, LARGEST), get(-LARGEST, LARGEST) }
    local full = full_level(rate)
    local countable = full + rate.refill <= LARGEST and full - state[2] + rate.refill <= LARGEST
    return countable and state[2] <= full and state
  end

  return token_bucket
end

-- Sliding window: instant, then instant and cost of each entry that is live or promised, in order.

local function new_sliding_window()
  local sliding_window = { fields = { 'period', 'capacity' } }

  function sliding_window.full(rate, now) return { now } end

  function sliding_window.is_set_back(rate, state, now) return now < state[1] - rate.period end

  function sliding_window.refreshed(rate, state, now)
    local set_back = sliding_window.is_set_back(rate, state, now)
    local time = set_back and now or math.max(now, state[1])
    local live = { time }
    for i = 2, #state, 2 do
      if set_back or #live > 1 or state[i] > time - rate.period then
        sliding_window.taken(rate, live, state[i + 1], set_back and math.min(state[i], now) or state[i])
      end
    end
    return live
  end

  function sliding_window.is_full(rate, state) return #state == 1 end

  function sliding_window.see(rate, state, now, cost)
    local wait = 0
    if #state > 1 and cost > 0 and cost <= rate.capacity then
      -- The cost fits once all entries are gone but the last few that leave room for it.
      local i, room = #state, rate.capacity - cost
      while i > 1 and state[i] <= room do
        room = room - state[i]
        i = i - 2
      end
      local fits = i > 1 and state[i - 1] + rate.period or state[1]
      wait = math.max(fits, state[#state - 1]) - state[1]
    end
    return { state[1], rate.capacity - sum(state, 3, 2), wait, sliding_window.until_full(rate, state) }
  end

  function sliding_window.until_admitted(rate, seen) return seen[3] end

  function sliding_window.longest_wait() return LONGEST_WAIT end

  function sliding_window.taken(rate, state, cost, granted)
    local last = #state
    if last > 1 and state[last - 1] == granted then
      state[last] = math.min(LARGEST, state[last] + cost)
    else
      state[last + 1], state[last + 2] = granted, cost
    end
    return state
  end

  function sliding_window.owed(rate, state, cost)
    local owing = math.min(cost, 2 * rate.capacity - sum(state, 3, 2))
    if owing <= 0 then return state end
    return sliding_window.taken(rate, state, owing, #state == 1 and state[1] or math.max(state[1], state[#state - 1]))
  end

  function sliding_window.returned(rate, state, cost, granted)
    for i = 2, #state, 2 do
      if state[i] == granted then
        state[i + 1] = state[i + 1] - cost
        if state[i + 1] <= 0 then
          table.remove(state, i)
          table.remove(state, i)
        end
        break
      end
    end
    return state
  end

  function sliding_window.out(rate, state) return math.min(rate.capacity, sum(state, 3, 2)) end

  function sliding_window.with_out(rate, out, now)
    return out == 0 and { now } or { now, now, math.min(rate.capacity, out) }
  end

  sliding_window.continues = same_period

  function sliding_window.continued(rate, state) return state end

  function sliding_window.until_full(rate, state)
    return #state == 1 and 0 or state[#state - 1] + rate.period - state[1]
  end

  -- Instants are stored as what they are later than the one before, which is shorter.
  function sliding_window.store(state, put)
    put((#state - 1) / 2)
    put(state[1])
    local before = 0
    for i = 2, #state, 2 do
      put(state[i] - before)
      put(state[i + 1])
      before = state[i]
    end
  end

  function sliding_window.restore(rate, get, most)
    local entries, state, instant = get(0, most), { get(0, LARGEST) }, 0
    for i = 1, entries do
      instant = instant + get(0, LARGEST - instant)
      state[2 * i], state[2 * i + 1] = instant, get(1, LARGEST)
    end
    return state
  end

  return sliding_window
end

-- Sliding window counter: instant, taken in its window, taken in the window before.

local function new_sliding_window_counter()
  local sliding_window_counter = { fields = { 'period', 'capacity', 'step' } }

  function sliding_window_counter.full(rate, now) return { now, 0, 0 } end

  function sliding_window_counter.is_set_back(rate, state, now) return now < state[1] - 2 * rate.period end

  function sliding_window_counter.refreshed(rate, state, now)
    if sliding_window_counter.is_set_back(rate, state, now) then return { now, state[2], state[3] } end
    local time = math.max(now, state[1])
    local windows = floor_div(time, rate.period) - floor_div(state[1], rate.period)
    if windows == 0 then return { time, state[2], state[3] } end
    return { time, 0, windows == 1 and state[2] or 0 }
  end

  function sliding_window_counter.is_full(rate, state) return state[2] == 0 and state[3] == 0 end

  -- What is left; negative where more is owed.
  local function left(rate, time, current, previous)
    local all = ceil_div(rate.period, rate.step)
    local elapsed = floor_div(math.fmod(time, rate.period), rate.step)
    return floor_div(rate.capacity * all - previous * (all - elapsed), all) - current
  end

  local function free(rate, time, current, previous) return math.max(0, left(rate, time, current, previous)) end

  function sliding_window_counter.see(rate, state) return { state[1], state[2], state[3], 0 } end

  -- It cannot wait, so it does not matter here how long it would have to.
  function sliding_window_counter.until_admitted(rate, seen, cost)
    return cost <= free(rate, seen[1], seen[2], seen[3]) and 0 or NEVER
  end

  function sliding_window_counter.longest_wait() return 0 end

  function sliding_window_counter.taken(rate, state, cost) return { state[1], state[2] + cost, state[3] } end

  function sliding_window_counter.owed(rate, state, cost)
    local owing = math.min(cost, rate.capacity + left(rate, state[1], state[2], state[3]))
    return owing <= 0 and state or { state[1], state[2] + owing, state[3] }
  end

  function sliding_window_counter.returned(rate, state, cost, granted)
    local windows = floor_div(state[1], rate.period) - floor_div(granted, rate.period)
    local returned = { state[1], state[2], state[3] }
    if windows == 0 or windows == 1 then
      returned[2 + windows] = math.max(0, returned[2 + windows] - cost)
    end
    return returned
  end

  function sliding_window_counter.out(rate, state)
    return rate.capacity - free(rate, state[1], state[2], state[3])
  end

  function sliding_window_counter.with_out(rate, out, now) return { now, math.min(rate.capacity, out), 0 } end

  sliding_window_counter.continues = same_period

  function sliding_window_counter.continued(rate, state) return state end

  function sliding_window_counter.until_full(rate, state)
    local windows = state[2] > 0 and 2 or state[3] > 0 and 1 or 0
    return windows == 0 and 0 or windows * rate.period - math.fmod(state[1], rate.period)
  end

  function sliding_window_counter.store(state, put)
    put(state[1])
    put(state[2])
    put(state[3])
  end

  function sliding_window_counter.restore(rate, get)
    return rate.step <= rate.period and { get(0, LARGEST), get(0, LARGEST), get(0, LARGEST) }
  end

  return sliding_window_counter
end

-- Fixed window: instant, then start, end and count of each window that counts, in order. A calendar is its name and zone,
-- or '' for windows of the period from the epoch; its windows are those that the call told.

local function new_fixed_window()
  local fixed_window = { fields = { 'period', 'capacity', 'calendar' } }

  local function window(rate, tick)
    if rate.calendar == '' then
      local start = floor_div(tick, rate.period) * rate.period
      return start, start + rate.period
    end
    -- A value of a calendar that no rate of the call continues counts only by what is out.
    if not rate.windows then return tick, tick + rate.period end
    for i = 1, #rate.windows, 2 do
      if rate.windows[i] <= tick and tick < rate.windows[i + 1] then return rate.windows[i], rate.windows[i + 1] end
    end
    untold = tick
    return tick, tick + 1
  end

  local function counted(rate, state, granted, cost)
    local last = #state
    if last > 1 and granted < state[last - 1] then
      state[last] = state[last] + cost
    else
      state[last + 1], state[last + 2] = window(rate, granted)
      state[last + 3] = cost
    end
    return state
  end

  function fixed_window.full(rate, now) return { now } end

  function fixed_window.is_set_back(rate, state, now) return now < state[1] - rate.period end

  function fixed_window.refreshed(rate, state, now)
    if fixed_window.is_set_back(rate, state, now) then
      return fixed_window.with_out(rate, sum(state, 4, 3), now, LARGEST)
    end
    local live = { math.max(now, state[1]) }
    for i = 2, #state, 3 do
      if state[i + 1] > live[1] then
        live[#live + 1], live[#live + 2], live[#live + 3] = state[i], state[i + 1], state[i + 2]
      end
    end
    return live
  end

  function fixed_window.is_full(rate, state) return #state == 1 end

  function fixed_window.see(rate, state, now, cost)
    local wait = 0
    if #state > 1 and cost > 0 and cost <= rate.capacity then
      local last = #state
      wait = math.max(0, (cost <= rate.capacity - state[last] and state[last - 2] or state[last - 1]) - state[1])
    end
    return { state[1], rate.capacity - sum(state, 4, 3), wait, fixed_window.until_full(rate, state) }
  end

  function fixed_window.until_admitted(rate, seen) return seen[3] end

  function fixed_window.longest_wait() return LONGEST_WAIT end

  function fixed_window.taken(rate, state, cost, granted) return counted(rate, state, granted, cost) end

  function fixed_window.owed(rate, state, cost)
    local owing = math.min(cost, 2 * rate.capacity - sum(state, 4, 3))
    if owing <= 0 then return state end
    return counted(rate, state, #state == 1 and state[1] or math.max(state[1], state[#state - 2]), owing)
  end

  function fixed_window.returned(rate, state, cost, granted)
    for i = 2, #state, 3 do
      if state[i] <= granted and granted < state[i + 1] then
        state[i + 2] = state[i + 2] - cost
        if state[i + 2] <= 0 then
          for _ = 1, 3 do table.remove(state, i) end
        end
        break
      end
    end
    return state
  end

  function fixed_window.out(rate, state) return math.min(rate.capacity, sum(state, 4, 3)) end

  function fixed_window.with_out(rate, out, now, most)
    return out == 0 and { now } or counted(rate, { now }, now, math.min(most or rate.capacity, out))
  end

  function fixed_window.continues(rate, before)
    return same_period(rate, before) and rate.calendar == before.calendar
  end

  function fixed_window.continued(rate, state) return state end

  function fixed_window.until_full(rate, state) return #state == 1 and 0 or state[#state - 1] - state[1] end

  function fixed_window.store(state, put)
    put((#state - 1) / 3)
    for i = 1, #state do put(state[i]) end
  end

  function fixed_window.restore(rate, get, most)
    local windows, state = get(0, most), { get(0, LARGEST) }
    local from, to = 0, 0
    for _ = 1, windows do
      from = get(from, LARGEST)
      to = get(math.max(from, to) + 1, LARGEST)
      state[#state + 1], state[#state + 2], state[#state + 3] = from, to, get(1, LARGEST)
    end
    return state
  end

  return fixed_window
end

-- Concurrency: instant, then id, cost and end of each lease, those that are queued for in their order, at a negative cost.
-- Only the rates of a call have a lease of their own.

local HELD, READY, WAITING, LOST = 0, 1, 2, 3

local function new_concurrency()
  local concurrency = { fields = { 'period', 'capacity' } }

  local function add(state, id, cost, ends) state[#state + 1], state[#state + 2], state[#state + 3] = id, cost, ends end

  -- What is held and queued for in all, where each lease is, and what comes before those that are queued for. Counted once
  -- for each state, because a call may renew many leases of a long queue.
  local function survey(state)
    if state.survey then return state.survey end
    local survey = { out = 0, place = {}, before = {} }
    for i = 2, #state, 3 do
      survey.place[state[i]] = survey.place[state[i]] or i
      survey.out = survey.out + math.max(0, state[i + 1])
    end
    for i = 2, #state, 3 do
      if state[i + 1] < 0 then
        survey.before[i] = survey.out
        survey.out = survey.out - state[i + 1]
      end
    end
    state.survey = survey
    return survey
  end

  local function find(rate, state) return survey(state).place[rate.lease] end

  -- What others hold, and what is queued before the lease, if it is queued for.
  local function ahead(rate, state)
    local own, counted = find(rate, state), survey(state)
    return own and (counted.before[own] or counted.out - state[own + 1]) or counted.out
  end

  local function until_free(rate, state, cost)
    local missing = cost + ahead(rate, state) - rate.capacity
    if missing <= 0 then return 0 end
    local own, counted, costs, ends = find(rate, state), survey(state), {}, {}
    local last = own and counted.before[own] and own or #state
    for i = 2, #state, 3 do
      if i ~= own and (i < last or not counted.before[i]) then
        local instant = state[i + 2]
        if not costs[instant] then ends[#ends + 1] = instant end
        costs[instant] = (costs[instant] or 0) + math.abs(state[i + 1])
      end
    end
    table.sort(ends)
    for _, instant in ipairs(ends) do
      missing = missing - costs[instant]
      if missing <= 0 then return instant - state[1] end
    end
    return 0
  end

  -- The same leases, but one; nil if it is not among them.
  local function without(rate, state)
    local own = find(rate, state)
    if not own then return nil end
    local shorter = { state[1] }
    for i = 2, #state, 3 do
      if i ~= own then add(shorter, state[i], state[i + 1], state[i + 2]) end
    end
    return shorter
  end

  function concurrency.full(rate, now) return { now } end

  function concurrency.is_set_back(rate, state, now) return now < state[1] - rate.period end

  function concurrency.refreshed(rate, state, now)
    local set_back = concurrency.is_set_back(rate, state, now)
    local time = set_back and now or math.max(now, state[1])
    local live = { time }
    for i = 2, #state, 3 do
      local ends = state[i + 2]
      if ends > time then
        add(live, state[i], state[i + 1], set_back and math.min(ends, time + rate.period) or ends)
      end
    end
    return live
  end

  function concurrency.is_full(rate, state) return #state == 1 end

  function concurrency.see(rate, state, now, cost)
    local own = find(rate, state)
    local others = survey(state).out - (own and math.abs(state[own + 1]) or 0)
    local wait = cost > rate.capacity and 0 or until_free(rate, state, cost)
    return { state[1], rate.capacity - others, wait, concurrency.until_full(rate, state) }
  end

  function concurrency.until_admitted(rate, seen, cost) return cost == 0 and 0 or seen[3] end

  function concurrency.longest_wait() return 0 end

  function concurrency.taken(rate, state, cost)
    local taken = without(rate, state) or concurrency.refreshed(rate, state, state[1])
    add(taken, rate.lease, cost, taken[1] + rate.period)
    return taken
  end

  function concurrency.queued(rate, state, cost)
    return find(rate, state) and concurrency.renewed(rate, state) or concurrency.taken(rate, state, -cost)
  end

  function concurrency.renewed(rate, state)
    local own = find(rate, state)
    if own then state[own + 2] = state[1] + rate.period end
    return state
  end

  function concurrency.left(rate, state)
    return survey(state).before[find(rate, state)] and without(rate, state) or state
  end

  function concurrency.lease(rate, state)
    local own = find(rate, state)
    if not own then return LOST end
    local before = survey(state).before[own]
    if not before then return HELD end
    return before - state[own + 1] <= rate.capacity and READY or WAITING
  end

  function concurrency.ready(rate, state)
    local ready, before = {}, survey(state).before
    for i = 2, #state, 3 do
      if before[i] then
        if before[i] - state[i + 1] > rate.capacity then break end
        ready[#ready + 1] = string.format('%.0f', state[i])
      end
    end
    return ready
  end

  function concurrency.owed(rate, state) return state end

  function concurrency.returned(rate, state, cost)
    local own = find(rate, state)
    if not own or math.abs(state[own + 1]) <= cost then return without(rate, state) or state end
    local less = concurrency.refreshed(rate, state, state[1])
    less[own + 1] = less[own + 1] + (less[own + 1] < 0 and cost or -cost)
    return less
  end

  function concurrency.out(rate, state) return math.min(rate.capacity, survey(state).out) end

  function concurrency.with_out(rate, out, now)
    return out == 0 and { now } or { now, 0, math.min(rate.capacity, out), now + rate.period }
  end

  function concurrency.continues(rate, before) return rate.algorithm == before.algorithm end

  function concurrency.continued(rate, state) return state end

  function concurrency.until_full(rate, state)
    local last = state[1]
    for i = 4, #state, 3 do last = math.max(last, state[i]) end
    return last - state[1]
  end

  -- Ends are stored as what they are later than the instant, which is shorter.
  function concurrency.store(state, put)
    put((#state - 1) / 3)
    put(state[1])
    for i = 2, #state, 3 do
      put(state[i])
      put(state[i + 1])
      put(state[i + 2] - state[1])
    end
  end

  function concurrency.restore(rate, get, most)
    local leases, state, sound = get(0, most), { get(0, LARGEST) }, rate.milli
    for _ = 1, leases do
      local id, cost = get(0, LARGEST), get(-LARGEST, LARGEST)
      add(state, id, cost, state[1] + get(1, LARGEST - state[1]))
      sound = sound and cost ~= 0
    end
    return sound and state
  end

  return concurrency
end

local MAKERS = {
  [0] = new_token_bucket, new_sliding_window, new_sliding_window_counter, new_fixed_window, new_concurrency,
}
local algorithms = {}

local function algorithm_of(kind)
  local number = floor_div(kind, 4)
  if MAKERS[number] and not algorithms[number] then algorithms[number] = MAKERS[number]() end
  return algorithms[number]
end

-- Values.

local function new_rate(kind)
  return {
    kind = kind, algorithm = algorithm_of(kind), milli = kind % 4 >= 2, interval = kind % 2 == 1,
  }
end

-- A number is its decimal digits without the zeros at the end and how many these are, below 8 and 16 in one byte, below 1024
-- and 16 in two, else itself in eight. So usual rates are short, and equal ones are equal texts.

local function packed(number)
  local digits, zeros = number, 0
  while zeros < 15 and math.fmod(digits, 10) == 0 do digits, zeros = digits / 10, zeros + 1 end
  if digits < 8 then return struct.pack('B', digits * 16 + zeros) end
  if digits < 1024 then return struct.pack('>I2', 32768 + digits * 16 + zeros) end
  return struct.pack('>BI7', 192, number)
end

local function unpacked(value, at)
  local first = string.byte(value, at) or 0
  if first < 128 then return floor_div(first, 16) * 10 ^ (first % 16), at + 1 end
  if first < 192 then
    local both = struct.unpack('>I2', value, at) - 32768
    return floor_div(both, 16) * 10 ^ (both % 16), at + 2
  end
  return struct.unpack('>I7', value, at + 1), at + 8
end

-- One smooth token bucket, which nothing keeps, is a byte for its kind, its fields, and its state as two integers of seven
-- bytes. Its first byte is that of no array.

local function is_short(parts) return #parts == 8 and parts[1] == 0 and (parts[2] == 0 or parts[2] == 2) end

local function to_value(parts)
  if not is_short(parts) then return cmsgpack.pack(parts) end
  local value = string.char(parts[2])
  for i = 3, 6 do value = value .. packed(parts[i]) end
  return value .. struct.pack(STATE, parts[7], parts[8])
end

local function to_parts(value)
  local kind = string.byte(value)
  if kind ~= 0 and kind ~= 2 then
    local rest, parts = cmsgpack.unpack_one(value)
    return rest == -1 and type(parts) == 'table' and parts
  end
  local parts, at = { 0, kind }, 2
  for i = 3, 6 do parts[i], at = unpacked(value, at) end
  parts[7], parts[8] = struct.unpack(STATE, value, at)
  return #value == at + STATE_BYTES - 1 and parts
end

-- The rates of a value with their state and the instant to keep it until, or nil where it is none of ours.
local function decode(value)
  local ok, parts = pcall(to_parts, value)
  if not ok or not parts then return nil end
  local at, sound = 0, true
  local function get(least, most)
    at = at + 1
    local number = parts[at]
    if type(number) == 'number' and number >= least and number <= most and number == math.floor(number) then
      return number
    end
    sound = false
    return least
  end
  local keep, rates = get(0, LARGEST), {}
  while sound and at < #parts do
    local kind = get(0, LARGEST)
    local rate = new_rate(kind)
    if not rate.algorithm or rate.interval and kind > 3 then return nil end
    for _, field in ipairs(rate.algorithm.fields) do
      if field == 'calendar' then
        at = at + 1
        rate.calendar = parts[at]
        sound = sound and type(rate.calendar) == 'string'
      else
        rate[field] = get(1, LARGEST)
      end
    end
    rate.state = sound and rate.algorithm.restore(rate, get, #parts)
    if not rate.state then return nil end
    rates[#rates + 1] = rate
  end
  if not sound or #rates == 0 then return nil end
  return rates, keep
end

local function encode(keep, rates)
  local parts = { keep }
  local function put(part) parts[#parts + 1] = part end
  for _, rate in ipairs(rates) do
    put(rate.kind)
    for _, field in ipairs(rate.algorithm.fields) do put(rate[field]) end
    rate.algorithm.store(rate.state, put)
  end
  return to_value(parts)
end

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

-- Gives the configured rates of a bucket their state: full where there is none, else that of what is stored. What is returned,
-- owed or renewed is so in the configuration that is stored, which may be a later one than that of the charge.
local function load(bucket)
  local value = redis.pcall('GET', bucket.key)
  if type(value) == 'table' and not string.find(value.err, 'WRONGTYPE', 1, true) then error(value.err, 0) end
  local stored, keep
  if type(value) == 'string' then stored, keep = decode(value) end
  bucket.keep = 0
  bucket.foreign = value and not stored
  if not stored then return fill(bucket.rates) end
  bucket.set_back = refresh(stored, bucket.rates)
  local same = #stored == #bucket.rates
  for i, rate in ipairs(bucket.rates) do same = same and counts_like(rate, stored[i]) end
  if is_full(stored) and (same or keep <= millis_now) then
    bucket.keep = keep
    return fill(bucket.rates)
  end
  if not same and (operation == 'return' or operation == 'owe' or operation == 'renew') then
    bucket.keep, bucket.rates = keep, with_charge(stored, bucket.rates)
    return
  end
  bucket.keep = same and keep or math.max(keep, millis_now + time_to_full(stored))
  for i, rate in ipairs(bucket.rates) do
    local before = same and stored[i] or origin(rate, stored)
    local now = ticks_now(rate)
    if same then
      rate.state = before.state
    elseif rate.algorithm.continues(rate, before) then
      rate.state = rate.algorithm.continued(rate, before.state, before, now)
    else
      rate.state = rate.algorithm.with_out(rate, before.algorithm.out(before, before.state), now)
    end
    rate.faster = tokens_per_micro(rate) > tokens_per_micro(before)
  end
end

-- Sees each rate. Says whether all admit the cost within the longest wait, how long the last of them takes to in µs, and
-- whether a refusal is written after all: if the charge fits one day, and the day comes sooner so. On a clock that was set
-- back, or with the slower rate that a bucket was last charged under, it would come late or never. Where two configurations
-- take turns only the faster one rewrites, so no refill is lost to rounding on the way to and fro.
local function see(bucket, longest_wait)
  local admitted, fits, sooner, wait = true, true, false, 0
  for _, rate in ipairs(bucket.rates) do
    local algorithm = rate.algorithm
    rate.seen = algorithm.see(rate, rate.state, ticks_now(rate), bucket.cost)
    local ticks_to_wait = algorithm.until_admitted(rate, rate.seen, bucket.cost)
    if bucket.cost > rate.capacity then
      admitted, fits = false, false
    elseif ticks_to_wait > math.min(algorithm.longest_wait(rate), ticks(rate, longest_wait)) then
      admitted = false
      sooner = sooner or bucket.set_back or rate.faster
    else
      wait = math.max(wait, ticks_to_wait * (rate.milli and 1000 or 1))
    end
  end
  return admitted, wait, bucket.cost > 0 and fits and sooner
end

-- The leases that those who queue could have.
local function ready(bucket)
  local rate = bucket.rates[1]
  return rate.lease and table.concat(rate.algorithm.ready(rate, rate.state), ' ') or ''
end

-- Whether the lease of the charge is queued for.
local function is_queued(bucket)
  local rate = bucket.rates[1]
  local state = rate.algorithm.lease(rate, rate.state)
  return state == READY or state == WAITING
end

-- What is to be written of a bucket after a change; a full one is no bucket. Where two configurations meet on a key, a
-- bucket that is full by the smaller may not be by the larger, which would find it full once it is gone. So it is kept
-- until it is full by both.
local function settle(bucket, change)
  local kept = bucket.keep > millis_now
  local wait_before = kept and time_to_full(bucket.rates)
  for _, rate in ipairs(bucket.rates) do
    rate.state = change and change(rate, rate.algorithm) or rate.state
  end
  if is_full(bucket.rates) and not kept then return { key = bucket.key } end
  local wait = time_to_full(bucket.rates)
  local keep = kept and math.min(LARGEST, bucket.keep + math.max(0, wait - wait_before) + 1) or 0
  -- One more, because the server expires by whole milliseconds.
  local ttl = math.min(LARGEST, math.max(wait, keep - millis_now) + 1)
  return {
    key = bucket.key, value = encode(keep, bucket.rates), ttl = ttl,
    ready = ready(bucket), channel = bucket.rates[1].channel,
  }
end

-- Read all, decide all, write all.

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
  if rate.algorithm.lease then rate.lease, rate.channel = next_number(), next_text() end
  if operation == 'return' then rate.granted = next_number() end
  return rate
end

local longest_wait, healed = 0, 0

local function answer(...)
  for _, part in ipairs({ ... }) do reply[#reply + 1] = part end
end

-- The text of an error, before which servers older than version 7 tell where in the script it came up.
local function error_text(failure)
  local text = type(failure) == 'table' and failure.err or tostring(failure)
  text = string.gsub(text, '^@user_script: ?%d+: ?', '')
  text = string.gsub(text, '^%-', '')
  return string.find(text, '^%u%u%u+ ') and text or 'ERR ' .. text
end

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

local function buckets_of_each()
  local rate = new_rate(each.kind)
  rate.period, rate.capacity, rate.refill, rate.units = each.period, each.capacity, each.refill, each.units
  longest_wait = 0
  return { { key = KEYS[each.key], cost = each.cost, rates = { rate } } }
end

local function loaded(bucket)
  load(bucket)
  if bucket.foreign then healed = healed + 1 end
  return bucket
end

-- Leases of one key are charges of one bucket, which the first of them is. Each is renewed in the configuration that its
-- holder knows; the bucket keeps its own.
local function renew(charges)
  local buckets, of_key, states, writes = {}, {}, {}, {}
  for i, charge in ipairs(charges) do
    local known = charge.rates[1]
    if not of_key[charge.key] then
      of_key[charge.key] = loaded(charge)
      buckets[#buckets + 1] = charge
    end
    local bucket = of_key[charge.key]
    local leases = bucket.rates[1].algorithm == known.algorithm and bucket.rates[1].state
    states[i] = leases and known.algorithm.lease(known, known.algorithm.renewed(known, leases)) or LOST
    bucket.renewed = bucket.renewed or states[i] ~= LOST
  end
  for _, bucket in ipairs(buckets) do
    if bucket.renewed then
      writes[#writes + 1] = settle(bucket)
    elseif bucket.foreign then
      writes[#writes + 1] = { key = bucket.key }
    end
  end
  return 1, states, writes
end

local function decide(buckets)
  local seen, writes = {}, {}
  local admitted, wait, never, short_of_leases = true, 0, false, false
  for _, bucket in ipairs(buckets) do
    loaded(bucket)
    local fits, bucket_wait, rewritten = see(bucket, longest_wait)
    admitted, wait, bucket.rewritten = admitted and fits, math.max(wait, bucket_wait), rewritten
    bucket.leased = bucket.rates[1].lease
    short_of_leases = short_of_leases or bucket.leased and not fits
    for _, rate in ipairs(bucket.rates) do
      never = never or bucket.cost > rate.capacity
      for _, number in ipairs(rate.seen) do seen[#seen + 1] = number end
    end
  end

  local taking = operation == 'take' or operation == 'queue' or operation == 'each'
  local queueing = operation == 'queue' and short_of_leases and not never
  for _, bucket in ipairs(buckets) do
    local function take(rate, algorithm)
      return algorithm.taken(rate, rate.state, bucket.cost, rate.seen[1] + ticks(rate, wait))
    end
    local function give_back(rate, algorithm)
      return rate.granted and algorithm.returned(rate, rate.state, bucket.cost, rate.granted)
    end
    local function owe(rate, algorithm) return algorithm.owed(rate, rate.state, bucket.cost) end
    local function queue(rate, algorithm) return algorithm.queued(rate, rate.state, bucket.cost) end
    local function leave(rate, algorithm) return algorithm.left(rate, rate.state) end
    if bucket.cost > 0 and operation == 'return' then
      writes[#writes + 1] = settle(bucket, give_back)
    elseif bucket.cost > 0 and operation == 'owe' then
      writes[#writes + 1] = settle(bucket, owe)
    elseif bucket.cost > 0 and taking and admitted then
      writes[#writes + 1] = settle(bucket, take)
    elseif bucket.cost > 0 and bucket.leased and queueing then
      writes[#writes + 1] = settle(bucket, queue)
    elseif bucket.leased and taking and not admitted and is_queued(bucket) then
      writes[#writes + 1] = settle(bucket, leave)
    elseif bucket.rewritten then
      writes[#writes + 1] = settle(bucket)
    elseif bucket.foreign then
      writes[#writes + 1] = { key = bucket.key }
    end
  end
  return admitted and 1 or 0, seen, writes
end

local function write(writes)
  for _, change in ipairs(writes) do
    if change.value then
      local failure = redis.pcall('SET', change.key, change.value, 'PX', change.ttl).err
      if failure then error(failure, 0) end
    else
      redis.call('DEL', change.key)
    end
    -- Who queues asks now and then all the same, so who may not publish decides all the same.
    if change.ready and change.ready ~= '' then redis.pcall('PUBLISH', change.channel, change.ready) end
  end
end

local function decide_next(buckets)
  untold, healed = nil, 0
  local outcome, told, writes = (operation == 'renew' and renew or decide)(buckets)
  if untold then return answer(2, untold) end
  write(writes)
  answer(outcome, healed, #told)
  for _, number in ipairs(told) do answer(number) end
end

repeat
  local decided, failure = pcall(decide_next, each and buckets_of_each() or next_buckets())
  if not decided then
    local text = error_text(failure)
    -- A server that may not write at all says so to all who asked, and not to each of them.
    if string.find(text, '^READONLY') then return redis.error_reply(text) end
    answer(3, text)
  end
  if each then
    each.left = each.left - 1
    if each.left == 0 or not decided then
      each.key = each.key + 1
      each.left = each.key <= each.last and string.byte(each.times, #each.times - each.last + each.key)
    end
  end
  entries, argument, last_key, operation, each = decide_shortly(entries, argument, last_key, each)
until not entries
return reply
