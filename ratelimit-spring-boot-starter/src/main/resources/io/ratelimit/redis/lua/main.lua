-- Runs the entries that the fast path left over.

local function decide_next(buckets)
  missing_window, healed = nil, 0
  local outcome, numbers, writes = (operation == 'renew' and renew or decide)(buckets)
  if missing_window then return append_reply(2, missing_window) end
  write(writes)
  append_reply(outcome, healed, #numbers)
  for _, number in ipairs(numbers) do append_reply(number) end
end

repeat
  local decided, failure = pcall(decide_next, each and each_bucket() or next_buckets())
  if not decided then
    local text = error_text(failure)
    -- A server that rejects every write fails the whole call, once.
    if string.find(text, '^READONLY') then return redis.error_reply(text) end
    append_reply(3, text)
  end
  if each then
    each.wanted = each.wanted - 1
    if each.wanted == 0 or not decided then
      each.key = each.key + 1
      each.wanted = each.key <= each.last and string.byte(each.counts, #each.counts - each.last + each.key)
    end
  end
  entries, argument, last_key, operation, each = decide_fast(entries, argument, last_key, each)
until not entries
return reply
