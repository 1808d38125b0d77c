-- A number is its decimal digits without the zeros at the end and how many these are, below 8 and 16 in one byte, below 1024
-- and 16 in two, else itself in eight. So usual rates are short, and equal ones are equal texts.

local function pack_number(number)
  local digits, zeros = number, 0
  while zeros < 15 and math.fmod(digits, 10) == 0 do digits, zeros = digits / 10, zeros + 1 end
  if digits < 8 then return struct.pack('B', digits * 16 + zeros) end
  if digits < 1024 then return struct.pack('>I2', 32768 + digits * 16 + zeros) end
  return struct.pack('>BI7', 192, number)
end

local function unpack_number(value, at)
  local first = string.byte(value, at) or 0
  if first < 128 then return floor_div(first, 16) * 10 ^ (first % 16), at + 1 end
  if first < 192 then
    local both = struct.unpack('>I2', value, at) - 32768
    return floor_div(both, 16) * 10 ^ (both % 16), at + 2
  end
  return struct.unpack('>I7', value, at + 1), at + 8
end

-- One smooth token bucket, which nothing keeps, is a byte for its kind, its fields, and its state as two integers of seven
-- bytes. Its first byte is that of no array.

local function is_short(parts) return #parts == 8 and parts[1] == 0 and (parts[2] == 0 or parts[2] == 2) end

local function pack_value(parts)
  if not is_short(parts) then return cmsgpack.pack(parts) end
  local value = string.char(parts[2])
  for i = 3, 6 do value = value .. pack_number(parts[i]) end
  return value .. struct.pack(STATE_FORMAT, parts[7], parts[8])
end

local function unpack_value(value)
  local kind = string.byte(value)
  if kind ~= 0 and kind ~= 2 then
    local rest, parts = cmsgpack.unpack_one(value)
    return rest == -1 and type(parts) == 'table' and parts
  end
  local parts, at = { 0, kind }, 2
  for i = 3, 6 do parts[i], at = unpack_number(value, at) end
  parts[7], parts[8] = struct.unpack(STATE_FORMAT, value, at)
  return #value == at + STATE_BYTES - 1 and parts
end

-- The rates of a value with their state and the instant to keep it until, or nil where it is none of ours.
local function decode(value)
  local ok, parts = pcall(unpack_value, value)
  if not ok or not parts then return nil end
  local at, valid = 0, true
  local function get(least, most)
    at = at + 1
    local number = parts[at]
    if type(number) == 'number' and number >= least and number <= most and number == math.floor(number) then
      return number
    end
    valid = false
    return least
  end
  local keep_until, rates = get(0, LARGEST), {}
  while valid and at < #parts do
    local kind = get(0, LARGEST)
    local rate = new_rate(kind)
    if not rate.algorithm or rate.interval and kind > 3 then return nil end
    for _, field in ipairs(rate.algorithm.fields) do
      if field == 'calendar' then
        at = at + 1
        rate.calendar = parts[at]
        valid = valid and type(rate.calendar) == 'string'
      else
        rate[field] = get(1, LARGEST)
      end
    end
    rate.state = valid and rate.algorithm.restore(rate, get, #parts)
    if not rate.state then return nil end
    rates[#rates + 1] = rate
  end
  if not valid or #rates == 0 then return nil end
  return rates, keep_until
end

local function encode(keep_until, rates)
  local parts = { keep_until }
  local function put(part) parts[#parts + 1] = part end
  for _, rate in ipairs(rates) do
    put(rate.kind)
    for _, field in ipairs(rate.algorithm.fields) do put(rate[field]) end
    rate.algorithm.store(rate.state, put)
  end
  return pack_value(parts)
end
