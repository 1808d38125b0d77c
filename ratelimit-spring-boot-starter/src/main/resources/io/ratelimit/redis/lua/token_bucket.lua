-- The token bucket; mirrors TokenBucket.java.
--
-- State: instant, level in units. With interval refill the instant is the start of the current period.

local function new_token_bucket()
  local token_bucket = { fields = { 'period', 'capacity', 'refill', 'units' } }

  local function full_level(rate) return rate.capacity * rate.units end
  local function steps(rate, units) return ceil_div(units, rate.refill) end
  local function step(rate) return rate.interval and rate.period or 1 end

  function token_bucket.longest_wait(rate)
    local most = floor_div(LARGEST - full_level(rate), rate.refill) - 1
    return math.min(most, floor_div(LARGEST, step(rate)) - 1) * step(rate)
  end

  function token_bucket.full(rate, now) return { now, full_level(rate) } end

  function token_bucket.clock_moved_back(rate, state, now)
    return now < state[1] - steps(rate, full_level(rate)) * step(rate)
  end

  function token_bucket.advance(rate, state, now)
    local since = token_bucket.clock_moved_back(rate, state, now) and now or state[1]
    local current = math.max(now, since)
    local refilled = floor_div(current - since, step(rate))
    local full = full_level(rate)
    local level = math.min(full, state[2] + math.min(refilled, steps(rate, full - state[2])) * rate.refill)
    return { rate.interval and level < full and since + refilled * rate.period or current, level }
  end

  function token_bucket.is_full(rate, state) return state[2] == full_level(rate) end

  function token_bucket.observe(rate, state, now)
    return { now, state[2], rate.interval and now - state[1] or 0, 0 }
  end

  function token_bucket.consume(rate, state, cost) return { state[1], state[2] - cost * rate.units } end

  function token_bucket.debit(rate, state, cost)
    local full = full_level(rate)
    local debt = state[2] - math.min(cost, 2 * rate.capacity) * rate.units
    return { state[1], math.min(state[2], math.max(-full, full + rate.refill - LARGEST, debt)) }
  end

  function token_bucket.refund(rate, state, cost, grant_tick)
    if state[1] - grant_tick >= steps(rate, full_level(rate)) * step(rate) then return state end
    return { state[1], math.min(full_level(rate), state[2] + cost * rate.units) }
  end

  function token_bucket.used(rate, state)
    return math.min(rate.capacity, rate.capacity - floor_div(state[2], rate.units))
  end

  function token_bucket.full_with_used(rate, used, now) return { now, math.max(0, rate.capacity - used) * rate.units } end

  token_bucket.can_migrate_from = same_period

  function token_bucket.migrate(rate, state, other, now)
    local full, level = full_level(rate), state[2]
    if other.units ~= rate.units then
      level = math.min(floor_div(level, other.units), rate.capacity) * rate.units
    end
    level = math.max(math.min(level, full), full + rate.refill - LARGEST)
    local keeps_instant = rate.interval == other.interval and not (rate.interval and level == full)
    return { keeps_instant and state[1] or math.max(now, state[1]), level }
  end

  function token_bucket.ticks_until_full(rate, state) return steps(rate, full_level(rate) - state[2]) * step(rate) end

  function token_bucket.ticks_until_admitted(rate, observations, cost)
    if cost == 0 then return 0 end
    local missing = cost * rate.units - observations[2]
    return missing <= 0 and 0 or steps(rate, missing) * step(rate) - observations[3]
  end

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
