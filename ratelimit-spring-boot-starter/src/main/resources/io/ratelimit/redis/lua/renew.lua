local function loaded(bucket)
  load(bucket)
  if bucket.foreign then healed = healed + 1 end
  return bucket
end

-- Leases of one key are charges of one bucket, which the first of them is. Each is renewed in the configuration that its
-- holder knows; the bucket keeps its own.
local function renew(charges)
  local buckets, of_key, states, writes = {}, {}, {}, {}
  for i, charge in ipairs(charges) do
    local known = charge.rates[1]
    if not of_key[charge.key] then
      of_key[charge.key] = loaded(charge)
      buckets[#buckets + 1] = charge
    end
    local bucket = of_key[charge.key]
    local leases = bucket.rates[1].algorithm == known.algorithm and bucket.rates[1].state
    states[i] = leases and known.algorithm.lease(known, known.algorithm.renewed(known, leases)) or LOST
    bucket.renewed = bucket.renewed or states[i] ~= LOST
  end
  for _, bucket in ipairs(buckets) do
    if bucket.renewed then
      writes[#writes + 1] = settle(bucket)
    elseif bucket.foreign then
      writes[#writes + 1] = { key = bucket.key }
    end
  end
  return 1, states, writes
end
