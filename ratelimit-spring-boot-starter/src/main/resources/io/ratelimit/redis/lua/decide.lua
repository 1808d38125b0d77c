-- Decides a charge of one or more buckets: loads all, decides, and returns the writes.

local function decide(buckets)
  local observations, writes = {}, {}
  local admitted, wait, never, lacks_lease = true, 0, false, false
  for _, bucket in ipairs(buckets) do
    load_bucket(bucket)
    local fits, bucket_wait, rewrite = check_admission(bucket, longest_wait)
    admitted, wait, bucket.rewrite = admitted and fits, math.max(wait, bucket_wait), rewrite
    bucket.leased = bucket.rates[1].lease
    lacks_lease = lacks_lease or bucket.leased and not fits
    for _, rate in ipairs(bucket.rates) do
      never = never or bucket.cost > rate.capacity
      for _, number in ipairs(rate.observations) do observations[#observations + 1] = number end
    end
  end

  local consuming = operation == 'take' or operation == 'queue'
  local queueing = operation == 'queue' and lacks_lease and not never
  for _, bucket in ipairs(buckets) do
    local function consume(rate, algorithm)
      return algorithm.consume(rate, rate.state, bucket.cost, rate.observations[1] + to_ticks(rate, wait))
    end
    local function refund(rate, algorithm)
      return rate.grant_tick and algorithm.refund(rate, rate.state, bucket.cost, rate.grant_tick)
    end
    local function debit(rate, algorithm) return algorithm.debit(rate, rate.state, bucket.cost) end
    local function queue(rate, algorithm) return algorithm.queue(rate, rate.state, bucket.cost) end
    local function leave_queue(rate, algorithm) return algorithm.leave_queue(rate, rate.state) end
    if bucket.cost > 0 and operation == 'return' then
      writes[#writes + 1] = plan_write(bucket, refund)
    elseif bucket.cost > 0 and operation == 'owe' then
      writes[#writes + 1] = plan_write(bucket, debit)
    elseif bucket.cost > 0 and consuming and admitted then
      writes[#writes + 1] = plan_write(bucket, consume)
    elseif bucket.cost > 0 and bucket.leased and queueing then
      writes[#writes + 1] = plan_write(bucket, queue)
    elseif bucket.leased and consuming and not admitted and is_queued(bucket) then
      writes[#writes + 1] = plan_write(bucket, leave_queue)
    elseif bucket.rewrite then
      writes[#writes + 1] = plan_write(bucket)
    elseif bucket.foreign then
      writes[#writes + 1] = { key = bucket.key }
    end
  end
  return admitted and 1 or 0, observations, writes
end
