import * as z from 'zod';
import { NOTIFY_ADDRESS, notifyAddress } from '../../../config/notify-address.ts';
import { InputError } from '../../../errors.ts';
import {
  CHANGE_FLAGS,
  FLAGS_OF_ONE_INSTANCE,
  INSTANCE_FLAGS,
  type RawOptions,
} from '../../../instances/options/flags.ts';
import { DEFAULT_TRIES } from '../../../jobs/kinds/envelope.ts';
import type { SteeringTexts } from '../../../operations/batches/steering-input.ts';
import type { UploadWork } from '../../../operations/instances/check-upload.ts';
import type { BatchNaming } from '../../../operations/instances/prepared-batch.ts';
import { LONGEST_REASON } from '../paths.ts';
import { FIELD_NAMES, readSteering } from '../steering-fields.ts';

/** Characters of the name of a batch. */
export const LONGEST_BATCH_NAME = 200;

/** No batch has more rows. */
const MOST_ROWS = 10_000_000;

const flag = z.enum(['true', 'false']).optional();

const whole = (least: number, most: number, meaning: string) =>
  z.coerce.number().int().min(least).max(most).optional().describe(meaning);

/** How the batch is held back, as a command is told it. */
const part = (meaning: string) => z.string().min(1).max(60).optional().describe(meaning);

const queryShape = {
  kind: z
    .enum(['create', 'modify', 'destroy'])
    .default('create')
    .describe('What is done to the instances of the file.'),
  name: z
    .string()
    .max(LONGEST_BATCH_NAME)
    .optional()
    .describe('Name of the batch; that of the file otherwise.'),
  reason: z.string().max(LONGEST_REASON).default('').describe('Why, for the record.'),
  max_failures: part('The batch stops when more instances than this have failed: 20, or 5%.'),
  canary: part('So many instances are begun; the others wait for a resume.'),
  concurrency: part('Most instances at a time.'),
  rate: part('Most instances that begin: 10/s, 100/m or 500/h.'),
  at: part('Nothing begins until clocks show this time next: 22:00.'),
  between: part('Instances begin in these hours of each day only: 22:00-06:00.'),
  time_zone: part("Of `at` and `between`; the server's own otherwise."),
  notify: z
    .string()
    .max(2000)
    .optional()
    .describe('Address that is told of its end; the one of the configuration otherwise.'),
  however_many: whole(
    1,
    MOST_ROWS,
    'The number of instances, where more are to be destroyed or blocked than fleet.guard says.',
  ),
  tries: whole(1, 1000, 'Tries of each job before it fails for good.'),
  skip_invalid: flag.describe('Whether to go on without the rows that are not good.'),
  dry_run: flag.describe('Whether to look only: nothing is queued, and what each row would do is told.'),
  skip_accounts: flag.describe('For a destruction: whether konnectors are not to tell other services.'),
  resume: flag.describe('For a destruction: whether to take over what is flagged deleting already.'),
};

const ownFlags: readonly string[] = ['domain', ...FLAGS_OF_ONE_INSTANCE];

/** Columns for which the query may say what holds where a row does not. */
const COLUMNS = [...new Set<string>([...INSTANCE_FLAGS, ...CHANGE_FLAGS])].filter(
  (name) => !ownFlags.includes(name),
);

const columnShape: Record<string, z.ZodOptional<z.ZodString>> = Object.fromEntries(
  COLUMNS.map((name) => [name, z.string().max(2000).optional()]),
);

const named = z.object(queryShape);

/** How an upload is to be understood: what is done, how the batch is called, and values for columns. */
export const uploadQuery = z.strictObject({ ...columnShape, ...queryShape });

/** What an upload is for. */
export interface UploadOrder {
  readonly work: UploadWork;
  readonly naming: BatchNaming;
  /** How the batch is to be held back, as it was given: what comes of a time of day is another thing each day. */
  readonly given: Omit<SteeringTexts, 'maxFailures'>;
  readonly skipInvalid: boolean;
  readonly dryRun: boolean;
}

/**
 * @param query as `uploadQuery` has let it pass, or unread
 * @throws InputError `bad_choice` for a value that means nothing for that kind of work, `bad_value`
 */
export function uploadOrder(query: unknown): UploadOrder {
  const {
    kind,
    name,
    reason,
    however_many: howeverMany,
    tries = DEFAULT_TRIES,
    skip_invalid,
    dry_run,
    ...of
  } = named.parse(query);
  const columns = columnsOf(query);
  const { canary, concurrency, rate, at, between, max_failures: maxFailures, time_zone: timeZone } = of;
  const given = { canary, concurrency, rate, at, between, timeZone };
  const limits = readSteering({ ...given, maxFailures }, FIELD_NAMES, false);
  const batch = {
    steering: limits.steering,
    maxFailures: limits.maxFailures ?? undefined,
    notify: of.notify === undefined ? undefined : addressOf(of.notify),
  };
  return {
    work: workOf(kind, columns, { skipAccounts: isTrue(of.skip_accounts), resume: isTrue(of.resume) }),
    naming: { name, reason, ...batch, tries, howeverMany },
    given,
    skipInvalid: isTrue(skip_invalid),
    dryRun: isTrue(dry_run),
  };
}

function addressOf(text: string): string {
  const address = notifyAddress(text);
  if (address !== undefined) return address;
  throw new InputError('bad_value', NOTIFY_ADDRESS, { column: 'notify' });
}

function isTrue(written: 'true' | 'false' | undefined): boolean {
  return written === 'true';
}

function workOf(
  kind: UploadWork['kind'],
  columns: RawOptions,
  destruction: { readonly skipAccounts: boolean; readonly resume: boolean },
): UploadWork {
  if (kind !== 'destroy' && (destruction.skipAccounts || destruction.resume)) {
    throw new InputError('bad_choice', 'skip_accounts and resume are for destructions only');
  }
  switch (kind) {
    case 'create':
      refuseOthers(columns, INSTANCE_FLAGS, kind);
      return { kind, defaults: columns };
    case 'modify':
      refuseOthers(columns, CHANGE_FLAGS, kind);
      return { kind, changes: columns };
    case 'destroy':
      refuseOthers(columns, [], kind);
      return { kind, ...destruction };
    default:
      return kind satisfies never;
  }
}

function refuseOthers(columns: RawOptions, known: readonly string[], kind: string): void {
  const other = Object.keys(columns).find((name) => !known.includes(name));
  if (other === undefined) return;
  throw new InputError('bad_choice', `${other} means nothing for the kind ${kind}`, { column: other });
}

function columnsOf(query: unknown): RawOptions {
  if (typeof query !== 'object' || query === null) return {};
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      COLUMNS.includes(name) && typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
