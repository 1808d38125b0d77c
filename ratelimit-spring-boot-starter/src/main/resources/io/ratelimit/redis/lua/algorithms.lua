local MAKERS = {
  [0] = new_token_bucket, new_sliding_window, new_sliding_window_counter, new_fixed_window, new_concurrency,
}
local algorithms = {}

local function algorithm_of(kind)
  local number = floor_div(kind, 4)
  if MAKERS[number] and not algorithms[number] then algorithms[number] = MAKERS[number]() end
  return algorithms[number]
end

-- Values.

local function new_rate(kind)
  return {
    kind = kind, algorithm = algorithm_of(kind), milli = kind % 4 >= 2, interval = kind % 2 == 1,
  }
end
