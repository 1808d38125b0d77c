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
