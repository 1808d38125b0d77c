-- The fixed window; mirrors FixedWindow.java.
--
-- State: instant, then start, end and count of each window with a count, in order. The calendar is a name and a time zone, or
-- '' for windows of the period from the epoch. The windows of a calendar come with the call.

-- An instant whose calendar window the call lacks, or nil.
local missing_window

local function new_fixed_window()
  local fixed_window = { fields = { 'period', 'capacity', 'calendar' } }

  local function window(rate, tick)
    if rate.calendar == '' then
      local start = floor_div(tick, rate.period) * rate.period
      return start, start + rate.period
    end
    -- Only the count of a stored calendar is needed if no rate of the call can migrate from it.
    if not rate.windows then return tick, tick + rate.period end
    for i = 1, #rate.windows, 2 do
      if rate.windows[i] <= tick and tick < rate.windows[i + 1] then return rate.windows[i], rate.windows[i + 1] end
    end
    missing_window = tick
    return tick, tick + 1
  end

  local function add_to_window(rate, state, grant_tick, cost)
    local last = #state
    if last > 1 and grant_tick < state[last - 1] then
      state[last] = state[last] + cost
    else
      state[last + 1], state[last + 2] = window(rate, grant_tick)
      state[last + 3] = cost
    end
    return state
  end

  function fixed_window.longest_wait() return LONGEST_WAIT end

  function fixed_window.full(rate, now) return { now } end

  function fixed_window.clock_moved_back(rate, state, now) return now < state[1] - rate.period end

  function fixed_window.advance(rate, state, now)
    if fixed_window.clock_moved_back(rate, state, now) then
      return fixed_window.full_with_used(rate, sum(state, 4, 3), now, LARGEST)
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

  function fixed_window.observe(rate, state, now, cost)
    local wait = 0
    if #state > 1 and cost > 0 and cost <= rate.capacity then
      local last = #state
      wait = math.max(0, (cost <= rate.capacity - state[last] and state[last - 2] or state[last - 1]) - state[1])
    end
    return { state[1], rate.capacity - sum(state, 4, 3), wait, fixed_window.ticks_until_full(rate, state) }
  end

  function fixed_window.consume(rate, state, cost, grant_tick) return add_to_window(rate, state, grant_tick, cost) end

  function fixed_window.debit(rate, state, cost)
    local debt = math.min(cost, 2 * rate.capacity - sum(state, 4, 3))
    if debt <= 0 then return state end
    return add_to_window(rate, state, #state == 1 and state[1] or math.max(state[1], state[#state - 2]), debt)
  end

  function fixed_window.refund(rate, state, cost, grant_tick)
    for i = 2, #state, 3 do
      if state[i] <= grant_tick and grant_tick < state[i + 1] then
        state[i + 2] = state[i + 2] - cost
        if state[i + 2] <= 0 then
          for _ = 1, 3 do table.remove(state, i) end
        end
        break
      end
    end
    return state
  end

  function fixed_window.used(rate, state) return math.min(rate.capacity, sum(state, 4, 3)) end

  function fixed_window.full_with_used(rate, used, now, most)
    return used == 0 and { now } or add_to_window(rate, { now }, now, math.min(most or rate.capacity, used))
  end

  function fixed_window.can_migrate_from(rate, other)
    return same_period(rate, other) and rate.calendar == other.calendar
  end

  function fixed_window.migrate(rate, state) return state end

  function fixed_window.ticks_until_full(rate, state) return #state == 1 and 0 or state[#state - 1] - state[1] end

  function fixed_window.ticks_until_admitted(rate, observations) return observations[3] end

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
