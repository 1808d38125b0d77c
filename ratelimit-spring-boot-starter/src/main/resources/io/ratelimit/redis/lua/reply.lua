local function append_reply(...)
  for _, part in ipairs({ ... }) do reply[#reply + 1] = part end
end

-- The text of an error, before which servers older than version 7 tell where in the script it came up.
local function error_text(failure)
  local text = type(failure) == 'table' and failure.err or tostring(failure)
  text = string.gsub(text, '^@user_script: ?%d+: ?', '')
  text = string.gsub(text, '^%-', '')
  return string.find(text, '^%u%u%u+ ') and text or 'ERR ' .. text
end
