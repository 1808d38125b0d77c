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
