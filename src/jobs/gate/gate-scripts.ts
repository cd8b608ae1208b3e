import { MOST_CANARY } from '../batches/steering.ts';
import { script } from '../redis/script.ts';

// Which rows of batches are begun next. BullMQ's own means (pause, limiter, global concurrency) are the whole queue's, and
// would hold single commands too, so that rows wait parked among the delayed jobs until they are let through here.

/** Lua of both scripts: what is no number, or of another type, stands for nothing. */
const COMMON = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function size(key)
  local members = redis.pcall('ZCARD', key)
  return type(members) == 'number' and members or 0
end
local function fieldsOf(key, ...)
  local fields = redis.pcall('HMGET', key, ...)
  if fields.err then return {} end
  return fields
end
-- Whether no row may be begun at this time, whichever it is; and whether the times of the window are past.
local function isClosed(paused, notBefore, openFrom, openUntil, time)
  if paused then return true, false end
  if (tonumber(notBefore or 0) or 0) > time then return true, false end
  local opens, closes = tonumber(openFrom or nil), tonumber(openUntil or nil)
  if not opens or not closes then return false, false end
  return time < opens or time >= closes, time >= closes
end`;

/** Most rows that are let through in one call: a script holds up everybody. */
export const MOST_LET_THROUGH = 200;

/**
 * Lets rows through until half as many again are on their way as workers can run at a time. Batches have equal shares, whatever
 * their sizes: each counts what was let through, and the lowest count comes next. One that comes up, or goes on, begins as
 * far behind the others as these have rows on their way, which end before any of its own, and is made up for that, but for no
 * time before. Rows of a halted batch pass whatever holds the batch back, for workers end them at once.
 * KEYS: gate, workers. ARGV: prefix of batch keys, prefix of worker keys, seconds that keys are kept, prefix of orders to drain.
 * Answers: the time, then the ids of batches whose window has to be worked out again, and batch and row of each that was let through.
 */
export const OPEN_GATE = script(`${COMMON}
local time = now()
local slots = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local most = tonumber(fieldsOf(ARGV[2] .. id, 'concurrency')[1] or 0) or 0
  if most > 0 and most < 100000 and redis.call('EXISTS', ARGV[4] .. id) == 0 then slots = slots + most end
end

local underWay, open, stale, least = 0, {}, {}, 0
local turns = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for at = 1, #turns, 2 do
  local id, turn = turns[at], tonumber(turns[at + 1]) or 0
  local key = ARGV[1] .. id
  local held, released = size(key .. ':held'), size(key .. ':released')
  underWay = underWay + released
  if released > 0 then least = math.max(least, turn - released) end
  if held == 0 and released == 0 then
    redis.call('ZREM', KEYS[1], id)
  elseif held > 0 then
    local f = fieldsOf(key, 'halt', 'pausedAt', 'canary', 'concurrency', 'rate', 'tokens', 'tokensAt', 'notBefore', 'openFrom', 'openUntil', 'canaryEnded')
    local batch = {id = id, key = key, left = held, turn = turn}
    if not f[1] then
      local closed, past = isClosed(f[2], f[8], f[9], f[10], time)
      if past then stale[#stale + 1] = id end
      if closed then batch.left = 0 end
      batch.canary = tonumber(f[3] or nil)
      if batch.canary then
        batch.canary = math.min(batch.canary, ${MOST_CANARY})
        -- Not looked at any further: it may wait so for days.
        if (tonumber(f[11] or 0) or 0) >= batch.canary then batch.left = 0 end
      end
      local most = tonumber(f[4] or nil)
      if most then batch.left = math.min(batch.left, most - released) end
      local rate = tonumber(f[5] or nil)
      if rate and rate > 0 then
        local room = math.max(1, rate)
        local since = tonumber(f[7] or nil)
        local tokens = since and (tonumber(f[6] or 0) or 0) + math.max(0, time - since) / 1000 * rate or 1
        batch.tokens, batch.isNew = math.min(room, tokens), not since
        batch.left = math.min(batch.left, math.floor(batch.tokens))
      end
    end
    if batch.left > 0 then
      open[#open + 1] = batch
      if released == 0 then least = math.max(least, turn) end
    end
  end
end

-- The first rows are the canary; one of them that came back is let through again, and no other in its place. It waits before
-- all others when it is parked, so that only the first row has to be looked at, however large the canary is.
local function nextRow(batch)
  local row = redis.call('ZRANGE', batch.key .. ':held', 0, 0)[1]
  if not batch.canary or not row then return row end
  local canary = batch.key .. ':canary'
  local known = redis.pcall('ZSCORE', canary, row)
  if type(known) == 'table' then return nil end
  if known then return row end
  if redis.call('ZCARD', canary) >= batch.canary then return nil end
  redis.call('ZADD', canary, row, row)
  redis.call('EXPIRE', canary, ARGV[3])
  return row
end

local function nextBatch()
  local next
  for _, batch in ipairs(open) do
    if batch.left > 0 and (not next or batch.turn < next.turn) then next = batch end
  end
  return next
end

for _, batch in ipairs(open) do batch.turn = math.max(batch.turn, least) end
local let = {}
local free = math.min(math.ceil(1.5 * slots) - underWay, ${MOST_LET_THROUGH})
local batch = nextBatch()
while free > 0 and batch do
  local row = nextRow(batch)
  -- A key of another type, which somebody else has put there, must not keep other batches from going on.
  -- Those of one call keep their order: who was let through first has the right of way.
  if row and type(redis.pcall('ZADD', batch.key .. ':released', time + #let / 2048, row)) == 'number' then
    redis.call('ZREM', batch.key .. ':held', row)
    redis.call('EXPIRE', batch.key .. ':held', ARGV[3])
    redis.call('EXPIRE', batch.key .. ':released', ARGV[3])
    let[#let + 1] = batch.id
    let[#let + 1] = row
    batch.left = batch.left - 1
    batch.taken = (batch.taken or 0) + 1
    batch.turn = batch.turn + 1
    redis.call('ZADD', KEYS[1], batch.turn, batch.id)
    free = free - 1
  else
    batch.left = 0
  end
  batch = nextBatch()
end
for _, batch in ipairs(open) do
  if batch.tokens and (batch.taken or batch.isNew) then
    redis.call('HSET', batch.key, 'tokens', tostring(batch.tokens - (batch.taken or 0)), 'tokensAt', time)
  end
end
return {time, stale, let}
`);

/**
 * Whether a row may be begun that a worker has: only one that was let through, and that nothing holds back by now. It comes back
 * also on ways that pass no gate: a further try that falls due, a dead worker's row, an operator's retry.
 * KEYS: batch, held, released, canary. ARGV: row.
 */
export const ENTER = script(`${COMMON}
local f = fieldsOf(KEYS[1], 'halt', 'pausedAt', 'canary', 'concurrency', 'notBefore', 'openFrom', 'openUntil')
if f[1] then return 'halted ' .. f[1] end
local place = redis.call('ZRANK', KEYS[3], ARGV[1])
if not place then return 'wait' end
if isClosed(f[2], f[5], f[6], f[7], now()) then return 'wait' end
if tonumber(f[3] or nil) and not redis.call('ZSCORE', KEYS[4], ARGV[1]) then return 'wait' end
-- Those that were let through first go first, so that a smaller number counts at once.
local most = tonumber(f[4] or nil)
if most and place >= most then return 'wait' end
redis.call('ZREM', KEYS[2], ARGV[1])
return 'go'
`);

/**
 * Lets one row through that waits at the gate, last of those that were. KEYS: held, released, gate. ARGV: row, batch, seconds that
 * keys are kept.
 */
export const LET_THROUGH = script(`${COMMON}
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], now(), ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[3], 'NX', 0, ARGV[2])
return 1
`);

/** Less than any place at the gate, taken off that of a row of the canary: such a row waits before all others. */
const BEFORE_ALL = 2 ** 40;

/**
 * Has a row wait at the gate. KEYS: held, released, gate, canary. ARGV: row, batch, seconds that keys are kept, its place there.
 */
export const PARK = script(`
redis.call('ZREM', KEYS[2], ARGV[1])
local place = tonumber(ARGV[4])
if type(redis.pcall('ZSCORE', KEYS[4], ARGV[1])) == 'string' then place = place - ${BEFORE_ALL} end
redis.call('ZADD', KEYS[1], place, ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[3], 'NX', 0, ARGV[2])
`);

/** Sets the next opening of a window, unless somebody has done so. KEYS: batch. ARGV: window, old end, begin, end. */
export const REOPEN = script(`
local f = redis.call('HMGET', KEYS[1], 'window', 'openUntil')
if f[1] ~= ARGV[1] or f[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'openFrom', ARGV[3], 'openUntil', ARGV[4])
return 1
`);
