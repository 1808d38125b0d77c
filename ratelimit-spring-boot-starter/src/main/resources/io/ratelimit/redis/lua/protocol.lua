-- The protocol of the script, its constants and the time of the call.
--
-- The script decides a batch of entries by the clock of the server, one after the other. An entry is applied as a whole or
-- not at all, and it sees the writes of the entries before it. docs/algorithms.md describes the decisions. Each algorithm has
-- a file that mirrors a Java class: its functions have the names and the results of the methods there.
--
-- KEYS   The keys of all entries, in order: one for each limit and subject; for 'renew' one for each lease.
--
-- ARGV   The number of entries, then the entries. An entry is one of two forms.
--
--        1. The operation, the number of keys and the longest wait in µs. The operation is 'take' (consume, if all charges
--           are admitted), 'queue' (the same, or queue for the leases if they are not free), 'return' (refund), 'owe'
--           (debit), 'read' (change nothing) or 'renew' (renew leases).
--           Then for each key the cost in thousandths of a token and the number of rates.
--           Then for each rate of the key: its kind; the fields of its algorithm; for a calendar the number of windows and
--           the start and end of each in ms; for leases the id of the lease and the channel on which ready leases are
--           published; for 'return' the tick of the grant.
--
--        2. 'each', which takes from several keys independently and without a wait. All keys have the same smooth token
--           bucket. Then kind (one byte), cost, period, capacity, refill and units (seven bytes each) in one string; the
--           prefix of a value that was written under this rate; one byte for each key, the number of requests for it.
--
-- Reply  The time in µs, then the results of the entries. A result is one of:
--
--        0 or 1      Rejected or admitted. Then the number of healed values, the number of numbers that follow, and the
--                    numbers: for each rate the four of observe(); for 'renew' 0 (held), 1 (ready), 2 (waiting) or 3 (lost)
--                    for each lease.
--        2           The call lacks a window of a calendar. Then an instant in that window, in ms. Nothing was changed.
--        3           An error. Then its text. The entry was not decided; of 'each', the remaining requests of the key.
--        4 + n       n of the remaining requests of a key of 'each' were admitted. Then the level that the first one saw.
--
-- A kind is 4 * algorithm, + 2 if a tick is a millisecond, + 1 for interval refill. The algorithms are 0 (token bucket),
-- 1 (sliding window log), 2 (sliding window counter), 3 (fixed window) and 4 (concurrency leases).
--
-- A value is one array: the instant until which it must be kept (0 if there is none, see plan_write), then kind, fields and
-- state of each rate. The first number of a state is the instant of its last change. A single smooth token bucket has a
-- shorter form, see value.lua.

local LARGEST = 9007199254740992
local LONGEST_WAIT = LARGEST / 2
local NEVER = math.huge

-- fmod is exact for all integers up to 2^53; a quotient that was rounded first would not be.
local fmod = math.fmod

local time = redis.call('TIME')
local micros_now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local reply = { micros_now }
