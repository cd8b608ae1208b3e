import { script } from '../redis/script.ts';
import { PLACES_LUA } from './place.ts';

// What moves single jobs in the index, all or nothing. Where a job is, and by which report, is kept with the job itself
// (`place`: `order name`), so that it goes with the job; one that nobody has reported yet waits.

/**
 * Moves a job to another place, unless a report that is as new is known. A job that is gone has none.
 * KEYS: job, index. ARGV: job id, kind, name of the place, order of the report.
 */
export const MOVE_JOB = script(`${PLACES_LUA}
local known = redis.pcall('HMGET', KEYS[1], 'timestamp', 'place')
local first = word(ARGV[2], 'other') .. ':waiting::'
if known.err or not known[1] then
  leave(KEYS[2], first, ARGV[1])
  return 0
end
local order, old = string.match(known[2] or '', '^(%d+) (%S+)$')
if order and tonumber(order) >= tonumber(ARGV[4]) then return 0 end
old = old or first
redis.call('HSET', KEYS[1], 'place', ARGV[4] .. ' ' .. ARGV[3])
if old ~= ARGV[3] then leave(KEYS[2], old, ARGV[1]) end
enter(KEYS[2], ARGV[3], ARGV[1], tonumber(known[1]) or 0)
return 1
`);

/**
 * Takes a member out of a place where it has no business: a job that is gone or has moved on, or a batch that is gone.
 * KEYS: job or batch, index. ARGV: member, name of the place, field that shows whether it is there.
 */
export const DROP_MEMBER = script(`${PLACES_LUA}
local known = redis.pcall('HMGET', KEYS[1], ARGV[3], 'place')
if not known.err and known[1] then
  local place = string.match(known[2] or '', '^%d+ (%S+)$')
  if not place or place == ARGV[2] then return 0 end
end
leave(KEYS[2], ARGV[2], ARGV[1])
return 1
`);
