-- Writes buckets and publishes the leases that became ready.

-- Returns the ids of the queued leases that can be acquired now.
local function ready_leases(bucket)
  local rate = bucket.rates[1]
  return rate.lease and table.concat(rate.algorithm.ready_leases(rate, rate.state), ' ') or ''
end

-- Applies a change to the state of a bucket and returns the write. A full bucket is deleted, unless two configurations share
-- the key: a bucket that is full under the smaller one may not be full under the larger one, which would find it full once it
-- is deleted. Such a bucket is kept until it is full under both.
local function plan_write(bucket, change)
  local kept = bucket.keep_until > millis_now
  local wait_before = kept and millis_until_full(bucket.rates)
  for _, rate in ipairs(bucket.rates) do
    rate.state = change and change(rate, rate.algorithm) or rate.state
  end
  if all_full(bucket.rates) and not kept then return { key = bucket.key } end
  local wait = millis_until_full(bucket.rates)
  local keep_until = kept and math.min(LARGEST, bucket.keep_until + math.max(0, wait - wait_before) + 1) or 0
  -- One more, because the server expires keys by whole milliseconds.
  local ttl = math.min(LARGEST, math.max(wait, keep_until - millis_now) + 1)
  return {
    key = bucket.key, value = encode(keep_until, bucket.rates), ttl = ttl,
    ready = ready_leases(bucket), channel = bucket.rates[1].channel,
  }
end

local function write(writes)
  for _, change in ipairs(writes) do
    if change.value then
      local failure = redis.pcall('SET', change.key, change.value, 'PX', change.ttl).err
      if failure then error(failure, 0) end
    else
      redis.call('DEL', change.key)
    end
    -- Waiting callers poll as well, so a user without the right to publish can still decide.
    if change.ready and change.ready ~= '' then redis.pcall('PUBLISH', change.channel, change.ready) end
  end
end
