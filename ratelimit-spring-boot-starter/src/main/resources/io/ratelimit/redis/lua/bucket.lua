-- Loads a bucket and checks whether a charge is admitted.

-- The operation of the current entry, and the number of its values that this script did not write.
local operation, healed

-- Sets the state of the rates of a bucket: full if there is no value, otherwise the stored state, migrated if the
-- configuration changed. A refund, a debit and a renewal keep the stored configuration, which may be newer than that of the
-- charge.
local function load_bucket(bucket)
  local value = redis.pcall('GET', bucket.key)
  if type(value) == 'table' and not string.find(value.err, 'WRONGTYPE', 1, true) then error(value.err, 0) end
  local stored, keep_until
  if type(value) == 'string' then stored, keep_until = decode(value) end
  bucket.keep_until = 0
  bucket.foreign = value and not stored
  if bucket.foreign then healed = healed + 1 end
  if not stored then return fill_all(bucket.rates) end
  bucket.clock_moved_back = advance_all(stored, bucket.rates)
  local same = #stored == #bucket.rates
  for i, rate in ipairs(bucket.rates) do same = same and same_configuration(rate, stored[i]) end
  if all_full(stored) and (same or keep_until <= millis_now) then
    bucket.keep_until = keep_until
    return fill_all(bucket.rates)
  end
  if not same and (operation == 'return' or operation == 'owe' or operation == 'renew') then
    bucket.keep_until, bucket.rates = keep_until, with_charge(stored, bucket.rates)
    return
  end
  bucket.keep_until = same and keep_until or math.max(keep_until, millis_now + millis_until_full(stored))
  for i, rate in ipairs(bucket.rates) do
    local before = same and stored[i] or migration_source(rate, stored)
    local now = ticks_now(rate)
    if same then
      rate.state = before.state
    elseif rate.algorithm.can_migrate_from(rate, before) then
      rate.state = rate.algorithm.migrate(rate, before.state, before, now)
    else
      rate.state = rate.algorithm.full_with_used(rate, before.algorithm.used(before, before.state), now)
    end
    rate.faster = tokens_per_micro(rate) > tokens_per_micro(before)
  end
end

-- Observes each rate of a bucket. Returns whether all of them admit the cost within the longest wait, the longest of their
-- waits in µs, and whether a rejection must be written.
--
-- A rejection is written if the cost fits at some time, and if that time would otherwise come late or never: after the clock
-- moved back, or if the bucket still refills at the slower rate of an earlier configuration. If two configurations alternate,
-- only the faster one writes; so no refill is lost to rounding.
local function check_admission(bucket, longest_wait)
  local admitted, fits, sooner, wait = true, true, false, 0
  for _, rate in ipairs(bucket.rates) do
    local algorithm = rate.algorithm
    rate.observations = algorithm.observe(rate, rate.state, ticks_now(rate), bucket.cost)
    local ticks_to_wait = algorithm.ticks_until_admitted(rate, rate.observations, bucket.cost)
    if bucket.cost > rate.capacity then
      admitted, fits = false, false
    elseif ticks_to_wait > math.min(algorithm.longest_wait(rate), to_ticks(rate, longest_wait)) then
      admitted = false
      sooner = sooner or bucket.clock_moved_back or rate.faster
    else
      wait = math.max(wait, ticks_to_wait * (rate.milli and 1000 or 1))
    end
  end
  return admitted, wait, bucket.cost > 0 and fits and sooner
end

-- Returns whether the lease of the charge is in the queue.
local function is_queued(bucket)
  local rate = bucket.rates[1]
  local state = rate.algorithm.lease_state(rate, rate.state)
  return state == READY or state == WAITING
end
