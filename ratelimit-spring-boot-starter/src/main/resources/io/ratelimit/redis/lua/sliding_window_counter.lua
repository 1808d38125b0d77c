-- The sliding window counter; mirrors SlidingWindowCounter.java.
--
-- State: instant, tokens consumed in the window of that instant, tokens consumed in the window before.

local function new_sliding_window_counter()
  local sliding_window_counter = { fields = { 'period', 'capacity', 'step' } }

  -- Returns the tokens that are left, which is negative while there is a debt.
  local function tokens_left(rate, time, current, previous)
    local all = ceil_div(rate.period, rate.step)
    local elapsed = floor_div(math.fmod(time, rate.period), rate.step)
    return floor_div(rate.capacity * all - previous * (all - elapsed), all) - current
  end

  local function tokens_free(rate, time, current, previous)
    return math.max(0, tokens_left(rate, time, current, previous))
  end

  function sliding_window_counter.longest_wait() return 0 end

  function sliding_window_counter.full(rate, now) return { now, 0, 0 } end

  function sliding_window_counter.clock_moved_back(rate, state, now) return now < state[1] - 2 * rate.period end

  function sliding_window_counter.advance(rate, state, now)
    if sliding_window_counter.clock_moved_back(rate, state, now) then return { now, state[2], state[3] } end
    local time = math.max(now, state[1])
    local windows = floor_div(time, rate.period) - floor_div(state[1], rate.period)
    if windows == 0 then return { time, state[2], state[3] } end
    return { time, 0, windows == 1 and state[2] or 0 }
  end

  function sliding_window_counter.is_full(rate, state) return state[2] == 0 and state[3] == 0 end

  function sliding_window_counter.observe(rate, state) return { state[1], state[2], state[3], 0 } end

  function sliding_window_counter.consume(rate, state, cost) return { state[1], state[2] + cost, state[3] } end

  function sliding_window_counter.debit(rate, state, cost)
    local debt = math.min(cost, rate.capacity + tokens_left(rate, state[1], state[2], state[3]))
    return debt <= 0 and state or { state[1], state[2] + debt, state[3] }
  end

  function sliding_window_counter.refund(rate, state, cost, grant_tick)
    local windows = floor_div(state[1], rate.period) - floor_div(grant_tick, rate.period)
    local refunded = { state[1], state[2], state[3] }
    if windows == 0 or windows == 1 then
      refunded[2 + windows] = math.max(0, refunded[2 + windows] - cost)
    end
    return refunded
  end

  function sliding_window_counter.used(rate, state)
    return rate.capacity - tokens_free(rate, state[1], state[2], state[3])
  end

  function sliding_window_counter.full_with_used(rate, used, now) return { now, math.min(rate.capacity, used), 0 } end

  sliding_window_counter.can_migrate_from = same_period

  function sliding_window_counter.migrate(rate, state) return state end

  function sliding_window_counter.ticks_until_full(rate, state)
    local windows = state[2] > 0 and 2 or state[3] > 0 and 1 or 0
    return windows == 0 and 0 or windows * rate.period - math.fmod(state[1], rate.period)
  end

  -- The exact wait is not needed, because this algorithm makes no reservations.
  function sliding_window_counter.ticks_until_admitted(rate, observations, cost)
    return cost <= tokens_free(rate, observations[1], observations[2], observations[3]) and 0 or NEVER
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
