import { Flags } from '@oclif/core';
import { InputError } from '../../errors.ts';
import { parseChanges } from '../../instances/options/changes.ts';
import type { ParsingRules } from '../../instances/options/parse-options.ts';
import { localZone } from '../../jobs/batches/hold-of.ts';
import { type DueTime, parseDueTime } from '../../operations/instances/dates/due-time.ts';
import { type WorkOptions, workOptionsOf } from './work-flags.ts';

const helpGroup = 'DATE';

/** How a moment may be typed. */
const HELP_VALUE = '<30d|6mo|2027-01-31>';

/** When an instance is destroyed that is not destroyed now. */
export const afterFlag = Flags.string({
  summary: 'Destroy at that date, or after that time; nothing is destroyed now',
  helpValue: HELP_VALUE,
  helpGroup,
});

/** When an instance is unblocked that is blocked now. */
export const untilFlag = Flags.string({
  summary: 'Unblock at that date, or after that time',
  helpValue: HELP_VALUE,
  helpGroup,
});

/** To change a date that is there. */
export const replaceFlag = Flags.boolean({
  summary: 'Take the place of another date that an instance has for the same; it stays otherwise',
  default: false,
  helpGroup,
});

/** What is typed beside a date. */
type GivenFlags = Parameters<typeof workOptionsOf>[0] & {
  readonly replace: boolean;
  readonly 'plan-file'?: string | undefined;
};

/** The date of a command, and how the batches are to be that it makes. */
export interface DatedWork {
  /** Undefined where no date was given. */
  readonly due: DueTime | undefined;
  readonly work: WorkOptions;
}

/**
 * Reads the date of a command with its other flags.
 * @param text as typed; undefined where it was not
 * @param flag by which it was
 * @throws InputError `bad_date`, `bad_choice`, with the flag, and as `workOptionsOf`
 */
export function datedWorkOf(text: string | undefined, flag: string, flags: GivenFlags): DatedWork {
  if (text === undefined) {
    if (flags.replace) throw new InputError('bad_choice', `it goes with ${flag}`, { column: '--replace' });
    return { due: undefined, work: workOptionsOf(flags) };
  }
  const { at, between, 'time-zone': timeZone, 'plan-file': file } = flags;
  if (at !== undefined) {
    throw new InputError(
      'bad_choice',
      `the time is that of ${flag}`,
      { column: '--at' },
      'Hours of each day: --between.',
    );
  }
  if (file !== undefined) {
    const advice = 'Set them by the same command without --dry-run.';
    throw new InputError('bad_choice', 'dates are not run by a plan', { column: '--plan-file' }, advice);
  }
  const due = parseDueTime(text, flag, { now: Date.now(), zone: localZone() }, timeZone);
  // Its zone may be given for the date alone.
  const { 'time-zone': _zone, ...others } = flags;
  return { due, work: workOptionsOf(between === undefined ? others : flags) };
}

/**
 * Why an instance is blocked, checked as any change of it; undefined where nothing was typed.
 * @throws InputError, with the flag
 */
export function blockingReasonOf(text: string | undefined, rules: ParsingRules): string | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '') throw new InputError('bad_value', 'it is empty', { column: '--blocking-reason' });
  // The domain is each instance's own; any will do to understand the rest.
  return parseChanges({ domain: 'any.example.org', 'blocking-reason': text }, rules).changes.blockingReason;
}
