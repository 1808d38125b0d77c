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
