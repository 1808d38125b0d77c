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
