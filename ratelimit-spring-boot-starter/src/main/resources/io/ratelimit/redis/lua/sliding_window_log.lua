-- The sliding window log; mirrors SlidingWindowLog.java.
--
-- State: instant, then the instant and the cost of each entry that is still in the window or reserved, in order.

local function new_sliding_window_log()
  local sliding_window_log = { fields = { 'period', 'capacity' } }

  function sliding_window_log.longest_wait() return LONGEST_WAIT end

  function sliding_window_log.full(rate, now) return { now } end

  function sliding_window_log.clock_moved_back(rate, state, now) return now < state[1] - rate.period end

  function sliding_window_log.advance(rate, state, now)
    local moved_back = sliding_window_log.clock_moved_back(rate, state, now)
    local time = moved_back and now or math.max(now, state[1])
    local live = { time }
    for i = 2, #state, 2 do
      if moved_back or #live > 1 or state[i] > time - rate.period then
        sliding_window_log.consume(rate, live, state[i + 1], moved_back and math.min(state[i], now) or state[i])
      end
    end
    return live
  end

  function sliding_window_log.is_full(rate, state) return #state == 1 end

  function sliding_window_log.observe(rate, state, now, cost)
    local wait = 0
    if #state > 1 and cost > 0 and cost <= rate.capacity then
      -- Finds the latest entries that leave room for the cost; it fits when all entries before them have expired.
      local i, room = #state, rate.capacity - cost
      while i > 1 and state[i] <= room do
        room = room - state[i]
        i = i - 2
      end
      local fits = i > 1 and state[i - 1] + rate.period or state[1]
      wait = math.max(fits, state[#state - 1]) - state[1]
    end
    return { state[1], rate.capacity - sum(state, 3, 2), wait, sliding_window_log.ticks_until_full(rate, state) }
  end

  function sliding_window_log.consume(rate, state, cost, grant_tick)
    local last = #state
    if last > 1 and state[last - 1] == grant_tick then
      state[last] = math.min(LARGEST, state[last] + cost)
    else
      state[last + 1], state[last + 2] = grant_tick, cost
    end
    return state
  end

  function sliding_window_log.debit(rate, state, cost)
    local debt = math.min(cost, 2 * rate.capacity - sum(state, 3, 2))
    if debt <= 0 then return state end
    return sliding_window_log.consume(rate, state, debt, #state == 1 and state[1] or math.max(state[1], state[#state - 1]))
  end

  function sliding_window_log.refund(rate, state, cost, grant_tick)
    for i = 2, #state, 2 do
      if state[i] == grant_tick then
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

  function sliding_window_log.used(rate, state) return math.min(rate.capacity, sum(state, 3, 2)) end

  function sliding_window_log.full_with_used(rate, used, now)
    return used == 0 and { now } or { now, now, math.min(rate.capacity, used) }
  end

  sliding_window_log.can_migrate_from = same_period

  function sliding_window_log.migrate(rate, state) return state end

  function sliding_window_log.ticks_until_full(rate, state)
    return #state == 1 and 0 or state[#state - 1] + rate.period - state[1]
  end

  function sliding_window_log.ticks_until_admitted(rate, observations) return observations[3] end

  -- Stores each instant as its distance from the one before, which takes fewer bytes.
  function sliding_window_log.store(state, put)
    put((#state - 1) / 2)
    put(state[1])
    local before = 0
    for i = 2, #state, 2 do
      put(state[i] - before)
      put(state[i + 1])
      before = state[i]
    end
  end

  function sliding_window_log.restore(rate, get, most)
    local entries, state, instant = get(0, most), { get(0, LARGEST) }, 0
    for i = 1, entries do
      instant = instant + get(0, LARGEST - instant)
      state[2 * i], state[2 * i + 1] = instant, get(1, LARGEST)
    end
    return state
  end

  return sliding_window_log
end
