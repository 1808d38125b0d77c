-- Decides what the short path left over: full entries, and requests of short ones.

local function decide_next(buckets)
  missing_window, healed = nil, 0
  local outcome, numbers, writes = (operation == 'renew' and renew or decide)(buckets)
  if missing_window then return append_reply(2, missing_window) end
  write(writes)
  append_reply(outcome, healed, #numbers)
  for _, number in ipairs(numbers) do append_reply(number) end
end

repeat
  local decided = not failure
  if decided then
    operation = wanted > 0 and 'take' or next_text()
    decided, failure = pcall(decide_next, wanted > 0 and short_buckets() or next_buckets())
  end
  if not decided then
    local text = error_text(failure)
    -- A server that rejects every write fails the whole call, once.
    if string.find(text, '^READONLY') then return redis.error_reply(text) end
    append_reply(3, text)
  end
  if wanted > 0 then results = results .. '\255' end
  if wanted > 1 and decided then wanted = wanted - 1 else end_entry() end
  entry, wanted, last_key, results, failure = decide_short(entry, wanted, last_key, results, micros_now, take)
until not wanted
reply[1] = results
return reply
