local function decide(buckets)
  local seen, writes = {}, {}
  local admitted, wait, never, short_of_leases = true, 0, false, false
  for _, bucket in ipairs(buckets) do
    loaded(bucket)
    local fits, bucket_wait, rewritten = see(bucket, longest_wait)
    admitted, wait, bucket.rewritten = admitted and fits, math.max(wait, bucket_wait), rewritten
    bucket.leased = bucket.rates[1].lease
    short_of_leases = short_of_leases or bucket.leased and not fits
    for _, rate in ipairs(bucket.rates) do
      never = never or bucket.cost > rate.capacity
      for _, number in ipairs(rate.seen) do seen[#seen + 1] = number end
    end
  end

  local taking = operation == 'take' or operation == 'queue' or operation == 'each'
  local queueing = operation == 'queue' and short_of_leases and not never
  for _, bucket in ipairs(buckets) do
    local function take(rate, algorithm)
      return algorithm.taken(rate, rate.state, bucket.cost, rate.seen[1] + ticks(rate, wait))
    end
    local function give_back(rate, algorithm)
      return rate.granted and algorithm.returned(rate, rate.state, bucket.cost, rate.granted)
    end
    local function owe(rate, algorithm) return algorithm.owed(rate, rate.state, bucket.cost) end
    local function queue(rate, algorithm) return algorithm.queued(rate, rate.state, bucket.cost) end
    local function leave(rate, algorithm) return algorithm.left(rate, rate.state) end
    if bucket.cost > 0 and operation == 'return' then
      writes[#writes + 1] = settle(bucket, give_back)
    elseif bucket.cost > 0 and operation == 'owe' then
      writes[#writes + 1] = settle(bucket, owe)
    elseif bucket.cost > 0 and taking and admitted then
      writes[#writes + 1] = settle(bucket, take)
    elseif bucket.cost > 0 and bucket.leased and queueing then
      writes[#writes + 1] = settle(bucket, queue)
    elseif bucket.leased and taking and not admitted and is_queued(bucket) then
      writes[#writes + 1] = settle(bucket, leave)
    elseif bucket.rewritten then
      writes[#writes + 1] = settle(bucket)
    elseif bucket.foreign then
      writes[#writes + 1] = { key = bucket.key }
    end
  end
  return admitted and 1 or 0, seen, writes
end
