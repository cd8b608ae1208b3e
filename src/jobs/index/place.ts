/**
 * Where the index has a job or a batch: by what operators select jobs with. A batch is in the place of each state that
 * rows of it are in, so that its rows cost the index nothing; they are found in the batch's own sets.
 */
export interface Place {
  readonly kind: string;
  /** As a batch row has it (`batches/row-state.ts`). */
  readonly state: string;
  /** Where it stopped; empty where nothing went wrong, or nothing is known. */
  readonly stage: string;
  /** Why it stopped: `unknown` where nobody said; empty where nothing went wrong. */
  readonly code: string;
}

/** Where and why a row or a job stopped. */
export interface Cause {
  readonly stage?: string | undefined;
  readonly code?: string | undefined;
}

/** States in which jobs are told apart by where and why they stopped. */
const WITH_CAUSE = ['retrying', 'incomplete', 'failed', 'cancelled'];

/** What is kept of a word of others that no key may consist of. */
const OTHER = 'other';

/** Longest stage or code in a name of the index, in characters. */
const MOST_CHARACTERS = 64;

/** Names of places in scripts; `word` and `causeName` here and in `PLACES_LUA` answer the same. */
const NAME = /^([\w-]{1,64}):([a-z]{1,16}):([\w-]{0,64}):([\w-]{0,64})$/;

export function hasCause(state: string): boolean {
  return WITH_CAUSE.includes(state);
}

/** A stage or a code as the index has it: anybody may have written the row or the job that tells it. */
export function word(text: string | undefined, absent: string): string {
  if (text === undefined) return absent;
  return text.length <= MOST_CHARACTERS && /^[\w-]*$/.test(text) ? text : OTHER;
}

/** The place of a job in that state; stage and code count only where they tell why it stopped. */
export function placeOf(kind: string, state: string, { stage, code }: Cause = {}): Place {
  const known = { kind: word(kind, OTHER), state };
  return hasCause(state)
    ? { ...known, stage: word(stage, ''), code: word(code, 'unknown') }
    : { ...known, stage: '', code: '' };
}

export function placeName({ kind, state, stage, code }: Place): string {
  return `${kind}:${state}:${stage}:${code}`;
}

/** Reads a name back; undefined for what is none of ours. */
export function readPlace(name: string): Place | undefined {
  const [, kind, state, stage, code] = NAME.exec(name) ?? [];
  if (kind === undefined || state === undefined || stage === undefined || code === undefined)
    return undefined;
  return { kind, state, stage, code };
}

/**
 * The same for scripts. `enter` and `leave` take the key of the index, the name of a place and its member; what somebody else
 * has put there must keep no job and no row from being moved.
 */
export const PLACES_LUA = `
local function word(text, absent)
  if text == nil then return absent end
  if type(text) ~= 'string' or #text > ${MOST_CHARACTERS} or not string.match(text, '^[%w_-]*$') then return '${OTHER}' end
  return text
end
local withCause = {${WITH_CAUSE.map((state) => `${state} = 1`).join(', ')}}
local function enter(index, place, member, score)
  if type(redis.pcall('ZADD', index .. ':' .. place, score, member)) ~= 'number' then return end
  redis.pcall('SADD', index, place)
end
local function leave(index, place, member)
  redis.pcall('ZREM', index .. ':' .. place, member)
  if redis.pcall('EXISTS', index .. ':' .. place) == 0 then redis.pcall('SREM', index, place) end
end`;
