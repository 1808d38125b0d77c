-- Renews leases.
--
-- Several leases of one key share the bucket of the first. Each lease is renewed for the lease time of its charge, because
-- its holder renews at that pace; the bucket keeps the stored configuration.

local function renew(charges)
  local buckets, by_key, states, writes = {}, {}, {}, {}
  for i, charge in ipairs(charges) do
    local rate = charge.rates[1]
    if not by_key[charge.key] then
      load_bucket(charge)
      by_key[charge.key] = charge
      buckets[#buckets + 1] = charge
    end
    local bucket = by_key[charge.key]
    local leases = bucket.rates[1].algorithm == rate.algorithm and bucket.rates[1].state
    states[i] = leases and rate.algorithm.lease_state(rate, rate.algorithm.renew(rate, leases)) or LOST
    bucket.has_renewed = bucket.has_renewed or states[i] ~= LOST
  end
  for _, bucket in ipairs(buckets) do
    if bucket.has_renewed then
      writes[#writes + 1] = plan_write(bucket)
    elseif bucket.foreign then
      writes[#writes + 1] = { key = bucket.key }
    end
  end
  return 1, states, writes
end
