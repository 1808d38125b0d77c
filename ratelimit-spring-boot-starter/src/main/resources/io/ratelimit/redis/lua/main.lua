local function write(writes)
  for _, change in ipairs(writes) do
    if change.value then
      local failure = redis.pcall('SET', change.key, change.value, 'PX', change.ttl).err
      if failure then error(failure, 0) end
    else
      redis.call('DEL', change.key)
    end
    -- Who queues asks now and then all the same, so who may not publish decides all the same.
    if change.ready and change.ready ~= '' then redis.pcall('PUBLISH', change.channel, change.ready) end
  end
end

local function decide_next(buckets)
  untold, healed = nil, 0
  local outcome, told, writes = (operation == 'renew' and renew or decide)(buckets)
  if untold then return answer(2, untold) end
  write(writes)
  answer(outcome, healed, #told)
  for _, number in ipairs(told) do answer(number) end
end

repeat
  local decided, failure = pcall(decide_next, each and buckets_of_each() or next_buckets())
  if not decided then
    local text = error_text(failure)
    -- A server that may not write at all says so to all who asked, and not to each of them.
    if string.find(text, '^READONLY') then return redis.error_reply(text) end
    answer(3, text)
  end
  if each then
    each.left = each.left - 1
    if each.left == 0 or not decided then
      each.key = each.key + 1
      each.left = each.key <= each.last and string.byte(each.times, #each.times - each.last + each.key)
    end
  end
  entries, argument, last_key, operation, each = decide_shortly(entries, argument, last_key, each)
until not entries
return reply
