import { Flags } from '@oclif/core';
import { ERROR_CODES, isErrorCode } from '../../error-codes.ts';
import { InputError } from '../../errors.ts';
import { type JobKind, KIND_NAMES, STAGE_NAMES } from '../../jobs/kinds/job-kinds.ts';
import { closest } from '../../operations/input/closest.ts';
import { type JobFilter, LISTED_STATES, type ListedState } from '../../operations/jobs/job-filter.ts';
import { ageMs } from './duration.ts';

const helpGroup = 'FILTER';

/** What is given more than once: by commas or by repetition. */
const several = { multiple: true, multipleNonGreedy: true, delimiter: ',', helpGroup } as const;

/** Where and why jobs or rows stopped. */
export const causeFlags = {
  stage: Flags.option({ summary: 'Only what stopped at this stage', options: STAGE_NAMES, ...several })(),
  error: Flags.string({
    summary: 'Only what stopped with this code (docs/errors.md)',
    helpValue: '<code>',
    ...several,
  }),
};

/** Which jobs a command is about. */
export const jobFilterFlags = {
  state: Flags.option({ summary: 'Only jobs in this state', options: LISTED_STATES, ...several })(),
  kind: Flags.option({ summary: 'Only jobs of this kind', options: KIND_NAMES, ...several })(),
  batch: Flags.string({ summary: 'Only jobs of this batch', helpValue: '<id>', helpGroup }),
  domain: Flags.string({
    summary: 'Only jobs for domains like this, with * and ?; without them for one instance',
    helpValue: '<pattern>',
    helpGroup,
  }),
  ...causeFlags,
  'older-than': Flags.string({
    summary: 'Only jobs that were queued longer ago, such as 2h; rows with their batch',
    helpValue: '<age>',
    helpGroup,
  }),
  'newer-than': Flags.string({
    summary: 'Only jobs that were queued since then',
    helpValue: '<age>',
    helpGroup,
  }),
};

/** The flags of `causeFlags`, as they were parsed. */
export interface CauseValues {
  readonly stage?: readonly string[] | undefined;
  readonly error?: readonly string[] | undefined;
}

/** The flags of `jobFilterFlags`, as they were parsed. */
export interface JobFilterValues extends CauseValues {
  readonly state?: readonly ListedState[] | undefined;
  readonly kind?: readonly JobKind[] | undefined;
  readonly batch?: string | undefined;
  readonly domain?: string | undefined;
  readonly 'older-than'?: string | undefined;
  readonly 'newer-than'?: string | undefined;
}

/**
 * Reads stages and codes.
 * @throws InputError `bad_filter` for what is empty, for a shell variable that is not set must not widen what a command is
 * about, and for a code that no error has, for nothing would be found and nobody would know why
 */
export function causesOf({ stage = [], error = [] }: CauseValues): Pick<JobFilter, 'stages' | 'codes'> {
  for (const code of error) {
    refuseEmpty('--error', code);
    refuseUnknownCode(code);
  }
  return { stages: stage, codes: error };
}

/**
 * The filter that these flags make.
 * @param now milliseconds since 1970
 * @throws InputError `bad_filter`, `bad_duration`
 */
export function jobFilterOf(flags: JobFilterValues, now: number): JobFilter {
  const { state = [], kind = [], batch, domain, 'older-than': older, 'newer-than': newer } = flags;
  refuseEmpty('--batch', batch);
  refuseEmpty('--domain', domain);
  return {
    states: state,
    kinds: kind,
    batch: batch?.toUpperCase(),
    domain,
    ...causesOf(flags),
    queuedBefore: older === undefined ? undefined : now - ageMs(older, '--older-than'),
    queuedAfter: newer === undefined ? undefined : now - ageMs(newer, '--newer-than'),
  };
}

/**
 * The job that is named, or undefined where a filter says which ones are meant.
 * @throws InputError `bad_choice` for both and for neither
 */
export function requireOneChoice(
  named: string | undefined,
  flags: JobFilterValues & { readonly 'dry-run': boolean; readonly force: boolean },
): string | undefined {
  const onlyForFilters = flags['dry-run'] || flags.force;
  if (named !== undefined && (hasJobFilter(flags) || onlyForFilters)) {
    throw new InputError('bad_choice', 'A job was named: filters, --dry-run and --force go without one');
  }
  if (named === undefined && !hasJobFilter(flags)) {
    throw new InputError(
      'bad_choice',
      'Name a job, or say with a filter such as --state which ones are meant',
    );
  }
  return named;
}

/** Whether any of `jobFilterFlags` was given. */
export function hasJobFilter(flags: JobFilterValues): boolean {
  return Object.keys(jobFilterFlags).some((name) => Object.entries(flags).some(([given]) => given === name));
}

function refuseUnknownCode(code: string): void {
  if (isErrorCode(code)) return;
  const near = closest(
    code,
    ERROR_CODES.map((each) => each.code),
  );
  throw new InputError(
    'bad_filter',
    `no error has the code ${JSON.stringify(code)}`,
    { column: '--error' },
    near === undefined ? 'docs/errors.md has all codes.' : `Did you mean ${near}?`,
  );
}

function refuseEmpty(flag: string, value: string | undefined): void {
  if (value?.trim() === '') throw new InputError('bad_filter', 'is empty', { column: flag });
}
