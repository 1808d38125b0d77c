-- The stored value of a bucket: encodes and decodes the rates with their state.

local pack, unpack, byte = struct.pack, struct.unpack, string.byte

-- Packs a number as its decimal digits without trailing zeros, and the number of these zeros: in one byte if the digits are
-- below 8, in two if they are below 1024. Other numbers take eight bytes. Usual rates are short, and equal numbers have equal
-- bytes.
local function pack_number(number)
  local digits, zeros = number, 0
  while zeros < 15 and fmod(digits, 10) == 0 do digits, zeros = digits / 10, zeros + 1 end
  if digits < 8 then return pack('B', digits * 16 + zeros) end
  if digits < 1024 then return pack('>I2', 32768 + digits * 16 + zeros) end
  return pack('>BI7', 192, number)
end

local function unpack_number(value, at)
  local first = byte(value, at) or 0
  if first < 128 then return floor_div(first, 16) * 10 ^ (first % 16), at + 1 end
  if first < 192 then
    local both = unpack('>I2', value, at) - 32768
    return floor_div(both, 16) * 10 ^ (both % 16), at + 2
  end
  return unpack('>I7', value, at + 1), at + 8
end

-- The value of a single rate that short entries can take from is shorter, if it need not be kept longer: one byte for the kind,
-- the fields, and the state as integers of seven bytes. No array of MessagePack begins with such a byte. A fixed window is
-- short if it is the window of its instant: then its state is that instant and the count.

-- The number of fields in a short value, by kind.
local SHORT_FIELDS = { [0] = 4, [1] = 4, [2] = 4, [3] = 4, [8] = 3, [10] = 3, [12] = 2, [14] = 2 }

-- Returns the state of a short value, or nil if the value has another form.
local function short_state(parts)
  local kind = parts[2]
  if parts[1] ~= 0 or not SHORT_FIELDS[kind] then return nil end
  if kind < 4 then return #parts == 8 and pack('>I7i7', parts[7], parts[8]) end
  if kind < 12 then return #parts == 8 and pack('>I7I7I7', parts[6], parts[7], parts[8]) end
  if #parts ~= 10 or parts[5] ~= '' or parts[6] ~= 1 then return nil end
  local start = parts[7] - fmod(parts[7], parts[3])
  return parts[8] == start and parts[9] == start + parts[3] and pack('>I7I7', parts[7], parts[10])
end

local function pack_value(parts)
  local state = short_state(parts)
  if not state then return cmsgpack.pack(parts) end
  local value = string.char(parts[2])
  for i = 3, 2 + SHORT_FIELDS[parts[2]] do value = value .. pack_number(parts[i]) end
  return value .. state
end

local function unpack_value(value)
  local kind = byte(value)
  if not SHORT_FIELDS[kind] then
    local rest, parts = cmsgpack.unpack_one(value)
    return rest == -1 and type(parts) == 'table' and parts
  end
  local parts, at = { 0, kind }, 2
  for i = 3, 2 + SHORT_FIELDS[kind] do parts[i], at = unpack_number(value, at) end
  local state = { unpack(kind < 4 and '>I7i7' or kind < 12 and '>I7I7I7' or '>I7I7', value, at) }
  if table.remove(state) ~= #value + 1 then return nil end
  if kind < 12 then
    for _, number in ipairs(state) do parts[#parts + 1] = number end
    return parts
  end
  local start = state[1] - fmod(state[1], parts[3])
  return { 0, kind, parts[3], parts[4], '', 1, state[1], start, start + parts[3], state[2] }
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
