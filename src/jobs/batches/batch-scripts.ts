import { PLACES_LUA } from '../index/place.ts';
import { RING } from '../redis/bell.ts';
import { script } from '../redis/script.ts';
import { fence } from './row-state.ts';

// What moves a batch on, all or nothing (`docs/bullmq.md` §9).

/** The fence of a row that was given up unreported: its job may have begun, and what it reports wins. */
export const UNREPORTED = fence(0, 0, 'waiting');

/** Seconds in which rows that end are counted together. */
export const RATE_BUCKET_SECONDS = 10;

/** Most of these that are kept of a batch: six hours in which something ended. */
const MOST_RATE_BUCKETS = 2_160;

/**
 * A batch has ended when as many rows as it has, or more, have ended and none is under way. More there are where
 * rows were given up under numbers that were a guess, and turned up under their own.
 */
const HAS_ENDED = `
local function hasEnded(counts, batch)
  local known = redis.call('HMGET', batch, 'final', 'total')
  local total = tonumber(known[2])
  if not total or (tonumber(known[1]) or 0) < total then return false end
  for _, rows in ipairs(redis.call('HMGET', counts, 'waiting', 'active', 'retrying')) do
    if (tonumber(rows) or 0) > 0 then return false end
  end
  return true
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`;

/**
 * Notes for whoever wants to be notified that a batch has ended or was halted (`outbox.ts`). What somebody else has put
 * in that place must not keep a batch from ending.
 */
const NOTIFY = `
local function notify(outbox, batch, id, event)
  if redis.call('HEXISTS', batch, 'notify') == 0 then return end
  local number = redis.pcall('HINCRBY', batch, 'notices', 1)
  if type(number) ~= 'number' then return end
  local time = redis.call('TIME')
  local at = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
  redis.pcall('ZADD', outbox, at, id .. ' ' .. number .. ' ' .. event .. ' ' .. at)
end`;

/**
 * Keeps the rows that something went wrong with by state, stage and code, and the batch in the index for as long as it has
 * rows there. `about` holds the keys of counts, batch, causes and index, the id of the batch and the retention.
 */
const CAUSES = `${PLACES_LUA}
local function causeOf(state, info)
  if not withCause[state] then return false end
  local read, about = pcall(cjson.decode, info)
  if not read or type(about) ~= 'table' then about = {} end
  return state .. ':' .. word(about.stage, '') .. ':' .. word(about.code, 'unknown')
end
local function indexed(about, where, isThere)
  local known = redis.call('HMGET', about.batch, 'kind', 'createdAt')
  local place = word(known[1] or 'create', 'other') .. ':' .. where
  if isThere then enter(about.index, place, about.id, tonumber(known[2]) or 0) else leave(about.index, place, about.id) end
end
local function leaveCause(about, cause, row)
  if redis.pcall('ZREM', about.counts .. ':' .. cause, row) ~= 1 then return end
  local left = redis.pcall('HINCRBY', about.causes, cause, -1)
  if type(left) ~= 'number' or left > 0 then return end
  redis.call('HDEL', about.causes, cause)
  indexed(about, cause, false)
end
local function enterCause(about, cause, row)
  if redis.pcall('ZADD', about.counts .. ':' .. cause, row, row) == 1 then
    if redis.pcall('HINCRBY', about.causes, cause, 1) == 1 then indexed(about, cause, true) end
  end
  redis.call('EXPIRE', about.counts .. ':' .. cause, about.retention)
end`;

/**
 * Moves a row from its old state to a new one and adjusts the counters; a report that is not newer
 * than what is known changes nothing (`docs/bullmq.md` §9). A row that was given up unreported has the fence
 * of one that waits for its first attempt, and makes way for that too.
 * The gate learns of it in the same step (`jobs/gate`): a row with a parked job waits there from the moment at which it is known;
 * one that runs was let through, and one that comes back later or has ended is under way no more.
 * KEYS: rows, counts, batch, rate, held, released, gate, outbox, causes. ARGV: row, state, fence, info, retention, channel, batch id,
 * where it waits at the gate if its job is parked, index, channel of its rows.
 */
export const MOVE_ROW = script(`${HAS_ENDED}${NOTIFY}
${CAUSES}
-- Within a text of JSON there is a backslash before each such mark.
local function isUntold(text) return text and string.find(text, '"untold":', 1, true) ~= nil end
local cur = redis.call('HGET', KEYS[1], ARGV[1])
local old, fence = false, -1
if cur then
  -- What no version of ours has written makes way.
  local state, order = string.match(cur, '^(%l+) (%d+)')
  if state then old, fence = state, tonumber(order) end
end
local givenUp = old == 'failed' and fence == ${UNREPORTED}
if tonumber(ARGV[3]) < fence or (tonumber(ARGV[3]) == fence and not givenUp) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
-- What somebody else has put there must not keep the row from being moved.
if ARGV[8] ~= '' then
  redis.pcall('ZADD', KEYS[5], ARGV[8], ARGV[1])
  redis.pcall('EXPIRE', KEYS[5], ARGV[5])
  redis.pcall('ZADD', KEYS[7], 'NX', 0, ARGV[7])
elseif ARGV[2] ~= 'waiting' then
  redis.pcall('ZREM', KEYS[5], ARGV[1])
  if ARGV[2] ~= 'active' then redis.pcall('ZREM', KEYS[6], ARGV[1]) end
end
local about = {counts = KEYS[2], batch = KEYS[3], causes = KEYS[9], index = ARGV[9], id = ARGV[7], retention = ARGV[5]}
local before = old and causeOf(old, string.match(cur, '^%l+ %d+ (.*)$'))
local cause = causeOf(ARGV[2], ARGV[4])
if before and before ~= cause then leaveCause(about, before, ARGV[1]) end
if cause and before ~= cause then enterCause(about, cause, ARGV[1]) end
local untold = (isUntold(ARGV[4]) and 1 or 0) - (isUntold(cur) and 1 or 0)
if untold ~= 0 then
  local left = redis.pcall('HINCRBY', KEYS[3], 'untold', untold)
  -- What an earlier version has recorded was not counted, and what is below 0 would hide as many that are.
  if type(left) == 'number' and left < 0 then redis.call('HSET', KEYS[3], 'untold', 0) end
end
if old == ARGV[2] then return 1 end

local final = {done = 1, skipped = 1, incomplete = 1, failed = 1, cancelled = 1}
if old then
  if redis.call('HINCRBY', KEYS[2], old, -1) <= 0 and not before then indexed(about, old .. '::', false) end
  redis.call('ZREM', KEYS[2] .. ':' .. old, ARGV[1])
end
local count = redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
if count == 1 and not cause then indexed(about, ARGV[2] .. '::', true) end
redis.call('ZADD', KEYS[2] .. ':' .. ARGV[2], ARGV[1], ARGV[1])

local change = (final[ARGV[2]] or 0) - (old and final[old] or 0)
redis.call('HINCRBY', KEYS[3], 'final', change)
if change ~= 0 and type(redis.pcall('ZSCORE', KEYS[3] .. ':canary', ARGV[1])) == 'string' then
  redis.pcall('HINCRBY', KEYS[3], 'canaryEnded', change)
end
if change == 1 then
  local bucket = math.floor(now() / ${RATE_BUCKET_SECONDS * 1000})
  -- What somebody else has put there must not keep the row from being moved.
  if redis.pcall('HINCRBY', KEYS[4], string.format('%d', bucket), 1) == 1 then
    local known = redis.call('HKEYS', KEYS[4])
    if #known > ${MOST_RATE_BUCKETS} then
      local oldest = bucket
      for _, each in ipairs(known) do oldest = math.min(oldest, tonumber(each) or oldest) end
      redis.call('HDEL', KEYS[4], string.format('%d', oldest))
    end
  end
end
if ARGV[2] == 'failed' or ARGV[2] == 'incomplete' then
  local other = ARGV[2] == 'failed' and 'incomplete' or 'failed'
  count = count + tonumber(redis.call('HGET', KEYS[2], other) or 0)
  local limit = redis.call('HGET', KEYS[3], 'maxFailures')
  if limit and count > tonumber(limit) and redis.call('HSETNX', KEYS[3], 'halt', 'too-many-failures') == 1 then
    notify(KEYS[8], KEYS[3], ARGV[7], 'halted')
  end
end
if hasEnded(KEYS[2], KEYS[3]) then
  if redis.call('HSET', KEYS[3], 'endedAt', now()) == 1 then notify(KEYS[8], KEYS[3], ARGV[7], 'ended') end
  redis.call('PUBLISH', ARGV[6], ARGV[7])
  redis.pcall('PUBLISH', ARGV[10], '${RING.end}')
else
  redis.call('HDEL', KEYS[3], 'endedAt')
  redis.pcall('PUBLISH', ARGV[10], '${RING.change}')
end
for at = 1, 4 do redis.call('EXPIRE', KEYS[at], ARGV[5]) end
redis.call('EXPIRE', KEYS[9], ARGV[5])
redis.call('EXPIRE', KEYS[2] .. ':' .. ARGV[2], ARGV[5])
redis.call('EXPIRE', KEYS[3] .. ':originals', ARGV[5])
redis.call('EXPIRE', KEYS[3] .. ':kinds', ARGV[5])
return 1
`);

/**
 * As `MOVE_ROW`, for many rows that wait for their first attempt, and of which nothing has been reported: any other is left as
 * it is, and answered. All of them count in the step in which they are known.
 * KEYS: as `MOVE_ROW`. ARGV: retention, batch id, index; then for each row: row, info, where it waits at the gate if its job
 * is parked.
 */
export const ENTER_ROWS = script(`${CAUSES}
local state, known, entered, parked = 'waiting', {}, 0, false
for at = 4, #ARGV, 3 do
  local row, place = ARGV[at], ARGV[at + 2]
  if redis.call('HSETNX', KEYS[1], row, state .. ' ${fence(0, 0, 'waiting')} ' .. ARGV[at + 1]) == 0 then
    known[#known + 1] = tonumber(row)
  else
    entered = entered + 1
    redis.call('ZADD', KEYS[2] .. ':' .. state, row, row)
    -- What somebody else has put there must not keep the row from being known.
    if place ~= '' then
      parked = true
      redis.pcall('ZADD', KEYS[5], place, row)
    end
  end
end
if entered == 0 then return known end
if parked then
  redis.pcall('EXPIRE', KEYS[5], ARGV[1])
  redis.pcall('ZADD', KEYS[7], 'NX', 0, ARGV[2])
end
local about = {counts = KEYS[2], batch = KEYS[3], causes = KEYS[9], index = ARGV[3], id = ARGV[2], retention = ARGV[1]}
if redis.call('HINCRBY', KEYS[2], state, entered) == entered then indexed(about, state .. '::', true) end
redis.call('HINCRBY', KEYS[3], 'final', 0)
redis.call('HDEL', KEYS[3], 'endedAt')
for at = 1, 4 do redis.call('EXPIRE', KEYS[at], ARGV[1]) end
redis.call('EXPIRE', KEYS[9], ARGV[1])
redis.call('EXPIRE', KEYS[2] .. ':' .. state, ARGV[1])
redis.call('EXPIRE', KEYS[3] .. ':originals', ARGV[1])
redis.call('EXPIRE', KEYS[3] .. ':kinds', ARGV[1])
return known
`);

/**
 * Corrects the total, and keeps what it was at first; where its rows have all ended by now, no further report would
 * end the batch.
 * KEYS: counts, batch, outbox. ARGV: total, batch id.
 */
export const SET_TOTAL = script(`${HAS_ENDED}${NOTIFY}
local before = redis.call('HGET', KEYS[2], 'total')
if before and before ~= ARGV[1] then redis.call('HSETNX', KEYS[2], 'ordered', before) end
redis.call('HSET', KEYS[2], 'total', ARGV[1])
if hasEnded(KEYS[1], KEYS[2]) and redis.call('HSETNX', KEYS[2], 'endedAt', now()) == 1 then
  notify(KEYS[3], KEYS[2], ARGV[2], 'ended')
end
`);

/**
 * Has a batch notify that was made without an address; where it has ended by now, its end is told. What is repeated changes
 * nothing. Answers 0 where there is no such batch.
 * KEYS: batch, outbox. ARGV: address, batch id, id of the batch whose rows it tries again.
 */
export const NOTIFY_LATE = script(`${NOTIFY}
if redis.call('HEXISTS', KEYS[1], 'total') == 0 then return 0 end
if redis.call('HSETNX', KEYS[1], 'notify', ARGV[1]) == 0 then return 1 end
redis.call('HSET', KEYS[1], 'turnOf', ARGV[3])
if redis.call('HEXISTS', KEYS[1], 'endedAt') == 1 then notify(KEYS[2], KEYS[1], ARGV[2], 'ended') end
return 1
`);

/**
 * Halts a batch; whoever wants to know is told once.
 * KEYS: batch, outbox. ARGV: halt, by, reason, batch id.
 */
export const SET_HALT = script(`${NOTIFY}
local isNew = redis.call('HSET', KEYS[1], 'halt', ARGV[1]) == 1
redis.call('HSET', KEYS[1], 'haltBy', ARGV[2], 'haltReason', ARGV[3])
if isNew then notify(KEYS[2], KEYS[1], ARGV[4], 'halted') end
`);

/**
 * Enters what an earlier version wrote: the batch where it has rows, and those of the rows that something went wrong with.
 * KEYS: rows, counts, batch, causes. ARGV: batch id, index, retention, row, …
 */
export const INDEX_ROWS = script(`${CAUSES}
local about = {counts = KEYS[2], batch = KEYS[3], causes = KEYS[4], index = ARGV[2], id = ARGV[1], retention = ARGV[3]}
for _, state in ipairs({'waiting', 'active', 'done', 'skipped'}) do
  if (tonumber(redis.call('HGET', KEYS[2], state)) or 0) > 0 then indexed(about, state .. '::', true) end
end
for at = 4, #ARGV do
  local state, info = string.match(redis.call('HGET', KEYS[1], ARGV[at]) or '', '^(%l+) %d+ (.*)$')
  local cause = state and causeOf(state, info)
  if cause then
    enterCause(about, cause, ARGV[at])
    indexed(about, cause, true)
  end
end
redis.call('EXPIRE', KEYS[4], ARGV[3])
return 1
`);

/**
 * Takes a row out of a cause that is not its own, where an earlier version has moved it.
 * KEYS: rows, counts, batch, causes. ARGV: batch id, index, retention, row, cause.
 */
export const UNLIST_ROW = script(`${CAUSES}
local about = {counts = KEYS[2], batch = KEYS[3], causes = KEYS[4], index = ARGV[2], id = ARGV[1], retention = ARGV[3]}
local state, info = string.match(redis.call('HGET', KEYS[1], ARGV[4]) or '', '^(%l+) %d+ (.*)$')
if state and causeOf(state, info) == ARGV[5] then return 0 end
leaveCause(about, ARGV[5], ARGV[4])
return 1
`);
