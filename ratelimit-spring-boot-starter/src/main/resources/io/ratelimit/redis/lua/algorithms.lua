-- The algorithms by number, and new rates.
--
-- An algorithm is created when its first rate is read, because the server runs the whole script for each call.

local CONSTRUCTORS = {
  [0] = new_token_bucket, new_sliding_window_log, new_sliding_window_counter, new_fixed_window, new_concurrency_leases,
}
local algorithms = {}

local function algorithm_of(kind)
  local number = floor_div(kind, 4)
  if CONSTRUCTORS[number] and not algorithms[number] then algorithms[number] = CONSTRUCTORS[number]() end
  return algorithms[number]
end

local function new_rate(kind)
  return {
    kind = kind, algorithm = algorithm_of(kind), milli = kind % 4 >= 2, interval = kind % 2 == 1,
  }
end
