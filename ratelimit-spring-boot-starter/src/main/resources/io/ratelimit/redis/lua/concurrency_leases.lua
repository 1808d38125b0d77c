-- The leases of concurrent calls; mirrors ConcurrencyLeases.java.
--
-- State: instant, then id, cost and expiry of each lease. A queued lease has a negative cost, and the queue is in order. Only
-- a rate of the call has an own lease; with_charge copies it to a stored rate.

local HELD, READY, WAITING, LOST = 0, 1, 2, 3

local function new_concurrency_leases()
  local concurrency_leases = { fields = { 'period', 'capacity' } }

  local function append_lease(state, id, cost, expiry)
    state[#state + 1], state[#state + 2], state[#state + 3] = id, cost, expiry
  end

  -- Returns the total cost of all leases, the index of each lease, and for each queued lease the total cost before it. They
  -- are computed once for each state, because a call may renew many leases of a long queue.
  local function totals_of(state)
    if state.totals then return state.totals end
    local totals = { used = 0, index = {}, before = {} }
    for i = 2, #state, 3 do
      totals.index[state[i]] = totals.index[state[i]] or i
      totals.used = totals.used + math.max(0, state[i + 1])
    end
    for i = 2, #state, 3 do
      if state[i + 1] < 0 then
        totals.before[i] = totals.used
        totals.used = totals.used - state[i + 1]
      end
    end
    state.totals = totals
    return totals
  end

  local function find_own(rate, state) return totals_of(state).index[rate.lease] end

  -- Returns the total cost of the other leases or, if the own lease is queued, of the held leases and of those before it.
  local function cost_ahead(rate, state)
    local own, totals = find_own(rate, state), totals_of(state)
    return own and (totals.before[own] or totals.used - state[own + 1]) or totals.used
  end

  local function ticks_until_free(rate, state, cost)
    local missing = cost + cost_ahead(rate, state) - rate.capacity
    if missing <= 0 then return 0 end
    local own, totals, costs, expiries = find_own(rate, state), totals_of(state), {}, {}
    local last = own and totals.before[own] and own or #state
    for i = 2, #state, 3 do
      if i ~= own and (i < last or not totals.before[i]) then
        local expiry = state[i + 2]
        if not costs[expiry] then expiries[#expiries + 1] = expiry end
        costs[expiry] = (costs[expiry] or 0) + math.abs(state[i + 1])
      end
    end
    table.sort(expiries)
    for _, expiry in ipairs(expiries) do
      missing = missing - costs[expiry]
      if missing <= 0 then return expiry - state[1] end
    end
    return 0
  end

  -- Returns a copy of the state without the own lease, or nil if there is none.
  local function without_own(rate, state)
    local own = find_own(rate, state)
    if not own then return nil end
    local shorter = { state[1] }
    for i = 2, #state, 3 do
      if i ~= own then append_lease(shorter, state[i], state[i + 1], state[i + 2]) end
    end
    return shorter
  end

  function concurrency_leases.longest_wait() return 0 end

  function concurrency_leases.full(rate, now) return { now } end

  function concurrency_leases.clock_moved_back(rate, state, now) return now < state[1] - rate.period end

  function concurrency_leases.advance(rate, state, now)
    local moved_back = concurrency_leases.clock_moved_back(rate, state, now)
    local time = moved_back and now or math.max(now, state[1])
    local live = { time }
    for i = 2, #state, 3 do
      local expiry = state[i + 2]
      if expiry > time then
        append_lease(live, state[i], state[i + 1], moved_back and math.min(expiry, time + rate.period) or expiry)
      end
    end
    return live
  end

  function concurrency_leases.is_full(rate, state) return #state == 1 end

  function concurrency_leases.observe(rate, state, now, cost)
    local own = find_own(rate, state)
    local others = totals_of(state).used - (own and math.abs(state[own + 1]) or 0)
    local wait = cost > rate.capacity and 0 or ticks_until_free(rate, state, cost)
    return { state[1], rate.capacity - others, wait, concurrency_leases.ticks_until_full(rate, state) }
  end

  function concurrency_leases.consume(rate, state, cost)
    local consumed = without_own(rate, state) or concurrency_leases.advance(rate, state, state[1])
    append_lease(consumed, rate.lease, cost, consumed[1] + rate.period)
    return consumed
  end

  function concurrency_leases.queue(rate, state, cost)
    return find_own(rate, state) and concurrency_leases.renew(rate, state) or concurrency_leases.consume(rate, state, -cost)
  end

  function concurrency_leases.renew(rate, state)
    local own = find_own(rate, state)
    if own then state[own + 2] = state[1] + rate.period end
    return state
  end

  function concurrency_leases.leave_queue(rate, state)
    return totals_of(state).before[find_own(rate, state)] and without_own(rate, state) or state
  end

  function concurrency_leases.lease_state(rate, state)
    local own = find_own(rate, state)
    if not own then return LOST end
    local before = totals_of(state).before[own]
    if not before then return HELD end
    return before - state[own + 1] <= rate.capacity and READY or WAITING
  end

  function concurrency_leases.ready_leases(rate, state)
    local ready, before = {}, totals_of(state).before
    for i = 2, #state, 3 do
      if before[i] then
        if before[i] - state[i + 1] > rate.capacity then break end
        ready[#ready + 1] = string.format('%.0f', state[i])
      end
    end
    return ready
  end

  function concurrency_leases.debit(rate, state) return state end

  function concurrency_leases.refund(rate, state, cost)
    local own = find_own(rate, state)
    if not own or math.abs(state[own + 1]) <= cost then return without_own(rate, state) or state end
    local less = concurrency_leases.advance(rate, state, state[1])
    less[own + 1] = less[own + 1] + (less[own + 1] < 0 and cost or -cost)
    return less
  end

  function concurrency_leases.used(rate, state) return math.min(rate.capacity, totals_of(state).used) end

  function concurrency_leases.full_with_used(rate, used, now)
    return used == 0 and { now } or { now, 0, math.min(rate.capacity, used), now + rate.period }
  end

  function concurrency_leases.can_migrate_from(rate, other) return rate.algorithm == other.algorithm end

  function concurrency_leases.migrate(rate, state) return state end

  function concurrency_leases.ticks_until_full(rate, state)
    local last = state[1]
    for i = 4, #state, 3 do last = math.max(last, state[i]) end
    return last - state[1]
  end

  function concurrency_leases.ticks_until_admitted(rate, observations, cost) return cost == 0 and 0 or observations[3] end

  -- Stores each expiry as its distance from the instant, which takes fewer bytes.
  function concurrency_leases.store(state, put)
    put((#state - 1) / 3)
    put(state[1])
    for i = 2, #state, 3 do
      put(state[i])
      put(state[i + 1])
      put(state[i + 2] - state[1])
    end
  end

  function concurrency_leases.restore(rate, get, most)
    local leases, state, valid = get(0, most), { get(0, LARGEST) }, rate.milli
    for _ = 1, leases do
      local id, cost = get(0, LARGEST), get(-LARGEST, LARGEST)
      append_lease(state, id, cost, state[1] + get(1, LARGEST - state[1]))
      valid = valid and cost ~= 0
    end
    return valid and state
  end

  return concurrency_leases
end
