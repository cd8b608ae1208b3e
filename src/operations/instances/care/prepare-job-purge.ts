import { defined } from '../../../defined.ts';
import { InputError } from '../../../errors.ts';
import { STACK_WORKER } from '../../../jobs/kinds/purge-jobs.ts';
import { minutesOrMonths } from '../../../quantity-text.ts';
import { parseBigDuration } from '../../../usage/big-duration.ts';
import { type Selection, type SelectionServices, selectTargets } from '../../targets/selection.ts';
import { type PreparedBatch, preparedBatch } from '../prepared-batch.ts';

/** Which jobs of the stack are to go. */
export interface PurgeOrder {
  /** How old a job is that goes, as typed, such as `2W`; undefined = as the configuration says. */
  readonly duration: string | undefined;
  /** `jobs.defaultDurationToKeep` of the configuration; undefined = the stack's own default. */
  readonly configured: string | undefined;
  /** Names of workers of the stack; none = all. */
  readonly workers: readonly string[];
}

/** What a stack takes where its configuration says nothing (`pkg/config/config/config.go`). */
const DEFAULT_DURATION = '2W';

const AGE_ADVICE =
  'Y, M (or mo), W and D are years, months, weeks and days, in this order; h, m (or min) and s come after them.';

/**
 * Prepares to remove old jobs of the stack, as a batch. An instance without any is passed over when its turn comes.
 * @throws InputError `bad_duration`, `bad_config`, `bad_value`, and as `selectTargets`
 */
export async function prepareJobPurge(
  services: SelectionServices,
  selection: Selection,
  order: PurgeOrder,
): Promise<PreparedBatch> {
  const olderThanMs = ageOf(order);
  const workers = workersOf(order);
  return preparedBatch({
    kind: 'purge-jobs',
    targets: await selectTargets(selection, services),
    workOf: ({ domain, seen }, filter) => ({
      kind: 'purge-jobs',
      domain,
      olderThanMs,
      ...defined({ workers, seen, filter }),
    }),
  });
}

function ageOf({ duration, configured }: PurgeOrder): number {
  return duration === undefined ? configuredAge(configured ?? DEFAULT_DURATION) : typedAge(duration);
}

/** As a stack reads it, and with months and minutes as other durations say them: `6mo`, `90min`. */
function typedAge(text: string): number {
  const place = { column: '--duration' };
  const [, number] = /^(\d{1,6})m$/.exec(text) ?? [];
  if (number !== undefined) {
    throw new InputError('bad_duration', minutesOrMonths(text, Number(number)), place);
  }
  const ms = wholeAge(text.replace(/(?<=\d)mo/, 'M').replace(/(?<=\d)min/, 'm'));
  if (ms === undefined) throw new InputError('bad_duration', noAge(text), place, AGE_ADVICE);
  return ms;
}

function configuredAge(text: string): number {
  const key = 'jobs.defaultDurationToKeep';
  const ms = wholeAge(text);
  if (ms !== undefined) return ms;
  throw new InputError('bad_config', `${key} of the configuration: ${noAge(text)}`, { key }, AGE_ADVICE);
}

function wholeAge(text: string): number | undefined {
  const ms = parseBigDuration(text);
  return ms !== undefined && ms >= 1 ? Math.floor(ms) : undefined;
}

function noAge(text: string): string {
  return `${JSON.stringify(text.slice(0, 120))} is not an age such as 2W, 3D or 36h`;
}

function workersOf({ workers }: PurgeOrder): string[] | undefined {
  const names = [...new Set(workers)];
  const odd = names.find((name) => !STACK_WORKER.test(name));
  if (odd !== undefined) {
    throw new InputError(
      'bad_value',
      `${JSON.stringify(odd.slice(0, 120))} is no name of a worker of the stack`,
      { column: '--workers' },
      'Such as sendmail, konnector, service or thumbnail.',
    );
  }
  return names.length === 0 ? undefined : names;
}
