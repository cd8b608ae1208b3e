import { InputError } from '../../errors.ts';
import { matchesGlob } from '../../instances/domains/domain-pattern.ts';
import { MIXED } from '../../jobs/batches/batch-kind.ts';
import type { RowChoice } from '../../jobs/batches/batches.ts';
import { ROW_STATES, type RowState } from '../../jobs/batches/row-state.ts';
import type { IndexPosition } from '../../jobs/index/index-pages.ts';
import { hasCause, type Place } from '../../jobs/index/place.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import type { JobFacts } from './job-facts.ts';

/** States by which jobs are selected: those that are incomplete or cancelled have failed, too. */
export const LISTED_STATES = [
  'waiting',
  'active',
  'retrying',
  'done',
  'failed',
  'incomplete',
  'cancelled',
] as const;

export type ListedState = (typeof LISTED_STATES)[number];

/** Which jobs are meant; an empty list means any. */
export interface JobFilter {
  readonly states: readonly ListedState[];
  readonly kinds: readonly JobKind[];
  readonly batch?: string | undefined;
  /** A domain, with `*` and `?`. */
  readonly domain?: string | undefined;
  /** Where they stopped: stored names. */
  readonly stages: readonly string[];
  /** Codes of what went wrong. */
  readonly codes: readonly string[];
  /** Milliseconds since 1970; that of a row is the time of its batch. */
  readonly queuedBefore?: number | undefined;
  readonly queuedAfter?: number | undefined;
}

/** No filter at all. */
export const ANY_JOB: JobFilter = { states: [], kinds: [], stages: [], codes: [] };

/** States of rows, and of places in the index, in which jobs of that state are. */
function rowStatesOf(state: ListedState): readonly RowState[] {
  switch (state) {
    case 'done':
      return ['done', 'skipped'];
    case 'failed':
      return ['failed', 'incomplete', 'cancelled'];
    case 'waiting':
    case 'active':
    case 'retrying':
    case 'incomplete':
    case 'cancelled':
      return [state];
  }
}

/** The rows of a batch that may be meant. */
export function rowChoiceOf({ states, stages, codes }: JobFilter): RowChoice {
  const wanted = new Set(states.flatMap(rowStatesOf));
  return { states: ROW_STATES.filter((state) => wanted.has(state)), stages, codes };
}

/** Whether jobs that are meant may be at a place of the index. */
export function isPlaceMeant({ kinds, ...filter }: JobFilter, place: Place): boolean {
  const { states, stages, codes } = rowChoiceOf({ kinds, ...filter });
  const isCauseMeant = allows(stages, place.stage) && allows(codes, place.code);
  const needsCause = stages.length > 0 || codes.length > 0;
  return (
    (place.kind === MIXED || allows<string>(kinds, place.kind)) &&
    allows<string>(states, place.state) &&
    (!needsCause || (hasCause(place.state) && isCauseMeant))
  );
}

/** Whether a job is meant, as far as the job itself tells. */
export function isJobMeant({ states, kinds, domain }: JobFilter, job: JobFacts): boolean {
  const own: readonly string[] = [job.state, ...(job.ending === undefined ? [] : [job.ending])];
  return (
    (states.length === 0 || states.some((state) => own.includes(state))) &&
    allows<string>(kinds, job.kind) &&
    (domain === undefined || matchesGlob(domain, job.domain))
  );
}

/** Whether a domain has to be looked at name by name. */
export function isPattern(domain: string): boolean {
  return /[*?]/.test(domain);
}

function allows<Each>(wanted: readonly Each[], given: Each): boolean {
  return wanted.length === 0 || wanted.includes(given);
}

/** Where a list of jobs stopped. */
export interface JobPosition extends IndexPosition {
  /** Within a batch. */
  readonly row?: number | undefined;
}

/** A position as people and programs hand it back. */
export function cursorText({ time, member, row }: JobPosition): string {
  const parts = [String(time), member, ...(row === undefined ? [] : [String(row)])];
  return Buffer.from(parts.join(' ')).toString('base64url');
}

/** @throws InputError `bad_filter` */
export function readCursor(text: string): JobPosition {
  const [, time, member, row] =
    /^(\d{1,16}(?:\.\d{1,9})?) (\S{1,256})(?: (\d{1,15}))?$/.exec(
      Buffer.from(text, 'base64url').toString(),
    ) ?? [];
  if (time === undefined || member === undefined) {
    const message = `${JSON.stringify(text.slice(0, 100))} is not where a list of jobs stopped`;
    throw new InputError('bad_filter', message, { column: '--after' });
  }
  return { time: Number(time), member, ...(row === undefined ? {} : { row: Number(row) }) };
}
