-- Appends full results to the reply, whose first element are the short results.

local reply = { results }

local function append_reply(...)
  for _, part in ipairs({ ... }) do reply[#reply + 1] = part end
end

-- Returns the text of an error, without the position in the script that servers before version 7 put first.
local function error_text(failure)
  local text = type(failure) == 'table' and failure.err or tostring(failure)
  text = string.gsub(text, '^@user_script: ?%d+: ?', '')
  text = string.gsub(text, '^%-', '')
  return string.find(text, '^%u%u%u+ ') and text or 'ERR ' .. text
end
