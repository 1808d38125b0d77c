-- Decides charges by the server's clock: one decision after the other, each all or none, and each sees what those before it
-- wrote. docs/algorithm.md says what is decided; the functions of an algorithm have the names of those of its Java class,
-- which says why, and the same results.
--
-- KEYS  those of all entries in turn: one for each limit and subject; to 'renew' one for each lease
-- ARGV  the number of entries, each of which is one decision, or some that are alike:
--       'take', 'queue' to queue for leases if they are short, 'return', 'owe' to take whatever fits, 'read' to take nothing,
--       or 'renew'; the number of keys; the longest wait in µs; then for each key: cost in thousandths, number of rates, and
--       for each rate: kind, the fields of its algorithm, for a calendar the number of its windows and start and end of each
--       in ms, for leases the id of the charge's lease and the channel of those that are ready, and for 'return' the tick of
--       the grant
--       or 'each', to take now from each of some keys by itself, which has one smooth token bucket: kind, cost and the fields
--       of the rate in one byte and five times seven; how a value of it begins; for each key one byte, how often
-- reply µs now; then in turn of each decision 1 if admitted, else 0; values healed; how many numbers follow: for each rate the
--       four that observe() tells, or to 'renew' for each lease 0 if it is held, 1 ready, 2 waiting, 3 lost
--       or 2, an instant in ms whose window of a calendar was not told: nothing was changed
--       or 3, an error: nothing was decided for the entry, or for the rest that 'each' wants of the key
--       or 4 + how many are admitted of the rest that 'each' wants of the key, the level that the first of them sees
--
-- A kind is 4 * algorithm, + 2 for a tick of a millisecond, + 1 for interval refill. A value is one array: an instant
-- before which it must be kept (0: none, see plan_write), then for each rate that wrote it kind, fields and state. The first
-- number of a state is the instant of its last change. The one of a smooth token bucket alone is shorter, see unpack_value.

local LARGEST = 9007199254740992
local LONGEST_WAIT = LARGEST / 2
local NEVER = math.huge

-- Remainders are exact for all integers up to 2^53, where a rounded quotient would not be.
local fmod = math.fmod

local time = redis.call('TIME')
local micros_now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local reply = { micros_now }
