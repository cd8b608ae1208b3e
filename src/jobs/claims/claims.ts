import { slices } from '../../chunk.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';

/** What a job wants to hold: the domain first, then every alias. */
export interface Claim {
  readonly jobId: string;
  readonly kind: string;
  readonly names: readonly [string, ...string[]];
  /** Digest of what the job would do; two jobs with equal ones are one (`ARCHITECTURE.md` §3.2). */
  readonly payloadHash: string;
  /** A batch row that waits for the holder when that one does the same: `batchId row`. */
  readonly joiner?: string;
}

export type ClaimAnswer =
  | { readonly state: 'held' }
  /** The same work is under way already as job `by`. */
  | { readonly state: 'joined'; readonly by: string }
  | { readonly state: 'busy'; readonly by: string; readonly kind: string; readonly name: string }
  /** Only for a retry: a later job for that domain is known. */
  | { readonly state: 'newer'; readonly by: string }
  /** Only for a run: the job is not in Redis any more, and must not hold a name that another needs. */
  | { readonly state: 'gone' };

/**
 * What names are taken for: a job that is added, one that a worker runs, one that is tried again, or the work of a
 * command itself, without a job (`hold-names.ts`).
 */
export type ClaimMode = 'add' | 'run' | 'retry' | 'direct';

/** How long a claim counts although its job is not there yet, or not there again: the time between claiming and adding it. */
export const ADDING_MS = 60_000;

/** How long it is remembered which job held a name last: as long as failed jobs are kept. */
const MEMORY_SECONDS = 31 * 24 * 3600;

/** Claims that are taken in one call: it keeps Redis for about a millisecond. */
const MOST_AT_ONCE = 100;

/** Arguments that all claims of a call have in common, and those that each has. */
const SHARED = 5;
const OF_EACH = 5;

/**
 * Takes for each claim, one after the other, all its names or none. A holder whose job is gone or has ended holds no more.
 * KEYS: one hash a name, those of the first claim first. ARGV: mode, prefix of job keys, how long a claim counts without
 * its job, how long it is remembered, prefix of joined sets; then for each claim: job, kind, payload, joiner, number of names.
 */
const CLAIM = script(`
local mode, base, joined = ARGV[1], ARGV[2], ARGV[5]
local adding, memory = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function ended(id)
  return redis.call('ZSCORE', base .. 'completed', id) or redis.call('ZSCORE', base .. 'failed', id)
end

local function claim(job, kind, payload, joiner, first, last)
  if mode == 'run' and redis.call('EXISTS', base .. job) == 0 then return {'gone'} end

  for at = first, last do
    local key = KEYS[at]
    local held = redis.call('HMGET', key, 'job', 'at', 'kind', 'payload', 'mode')
    if held[1] and held[1] ~= job then
      local exists = redis.call('EXISTS', base .. held[1]) == 1
      -- A job that is about to be tried again still counts as ended for a moment.
      local coming = now - tonumber(held[2]) < adding and (not exists or held[5] == 'retry')
      local live = (exists and not ended(held[1])) or coming
      if live then
        if at == first and mode == 'add' and held[3] == kind and held[4] == payload then
          if joiner ~= '' then
            redis.call('SADD', joined .. held[1], joiner)
            redis.call('EXPIRE', joined .. held[1], memory)
          end
          return {'joined', held[1]}
        end
        return {'busy', held[1], held[3], at - first + 1}
      end
    end
  end

  if mode == 'retry' then
    local latest = redis.call('HGET', KEYS[first], 'last')
    if latest and latest ~= job and redis.call('EXISTS', base .. latest) == 1 then return {'newer', latest} end
  end

  for at = first, last do
    local key = KEYS[at]
    -- Which job was the latest must not be forgotten for work that has none.
    if mode == 'direct' then
      redis.call('HSET', key, 'job', job, 'at', now, 'kind', kind, 'payload', payload, 'mode', mode)
    else
      redis.call('HSET', key, 'job', job, 'at', now, 'kind', kind, 'payload', payload, 'mode', mode, 'last', job)
    end
    redis.call('EXPIRE', key, memory)
  end
  return {'held'}
end

local answers, name = {}, 1
for at = ${SHARED + 1}, #ARGV, ${OF_EACH} do
  local names = tonumber(ARGV[at + 4])
  answers[#answers + 1] = claim(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], name, name + names - 1)
  name = name + names
end
return answers
`);

/** Gives back what the job holds, and answers the batch rows that waited for it, once. */
const RELEASE = script(`
for i = 2, #KEYS do
  if redis.call('HGET', KEYS[i], 'job') == ARGV[1] then
    redis.call('HDEL', KEYS[i], 'job', 'at', 'kind', 'payload', 'mode')
  end
end
local rows = redis.call('SMEMBERS', KEYS[1])
redis.call('DEL', KEYS[1])
return rows
`);

export interface Claims {
  take(claim: Claim, mode: ClaimMode): Promise<ClaimAnswer>;
  /** As `take`, one claim after the other, but in few calls. @returns an answer for each, in their order */
  takeAll(claims: readonly Claim[], mode: ClaimMode): Promise<ClaimAnswer[]>;
  /** @returns the joiners that waited for this job: `batchId row` */
  release(jobId: string, names: readonly string[]): Promise<string[]>;
}

/** Names claimed by jobs: one live operation per instance (`ARCHITECTURE.md` §3.2). */
export function createClaims(redis: RedisClient, keys: Keys): Claims {
  const shared = [keys.bull(''), ADDING_MS, MEMORY_SECONDS, keys.joined('')];

  async function takeSome(some: readonly Claim[], mode: ClaimMode): Promise<ClaimAnswer[]> {
    const names = some.flatMap((claim) => claim.names.map((name) => keys.name(name)));
    const each = some.flatMap(({ jobId, kind, payloadHash, joiner = '', names: { length } }) => [
      jobId,
      kind,
      payloadHash,
      joiner,
      length,
    ]);
    const answers = await CLAIM.run(redis, names, [mode, ...shared, ...each]);
    const read: readonly unknown[] = Array.isArray(answers) ? answers : [];
    return some.map((claim, at) => readAnswer(read[at], claim.names));
  }

  return {
    async take(claim, mode) {
      const [answer] = await takeSome([claim], mode);
      if (answer === undefined) throw new Error('the claim script answered nothing');
      return answer;
    },

    async takeAll(all, mode) {
      const parts = [...slices(all, MOST_AT_ONCE)];
      return (await Promise.all(parts.map((part) => takeSome(part, mode)))).flat();
    },

    async release(jobId, names) {
      const rows = await RELEASE.run(
        redis,
        [keys.joined(jobId), ...names.map((name) => keys.name(name))],
        [jobId],
      );
      return Array.isArray(rows) ? rows.map(String) : [];
    },
  };
}

function readAnswer(answer: unknown, names: readonly string[]): ClaimAnswer {
  const [state, by, kind, at] = Array.isArray(answer) ? answer.map(String) : [];
  switch (state) {
    case 'held':
    case 'gone':
      return { state };
    case 'joined':
    case 'newer':
      return { state, by: by ?? '' };
    case 'busy':
      return { state, by: by ?? '', kind: kind ?? '', name: names[Number(at) - 1] ?? '' };
    default:
      throw new Error(`unexpected answer of the claim script: ${String(answer)}`);
  }
}
