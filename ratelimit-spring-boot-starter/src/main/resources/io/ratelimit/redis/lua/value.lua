-- The stored value of a bucket: encodes and decodes the rates with their state.

-- Packs a number as its decimal digits without trailing zeros, and the number of these zeros: in one byte if the digits are
-- below 8, in two if they are below 1024. Other numbers take eight bytes. Usual rates are short, and equal numbers have equal
-- bytes.
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

-- A single smooth token bucket that need not be kept longer has a short value: one byte for the kind, the fields, and the
-- state as two integers of seven bytes. No array of MessagePack begins with that byte.
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

-- Returns the rates of a value and the instant until which it must be kept, or nil if this script did not write it.
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
