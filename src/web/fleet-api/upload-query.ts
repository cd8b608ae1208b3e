import { z } from 'zod';
import { InputError } from '../../errors.ts';
import {
  CHANGE_FLAGS,
  FLAGS_OF_ONE_INSTANCE,
  INSTANCE_FLAGS,
  type RawOptions,
} from '../../instances/options/flags.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import type { UploadWork } from '../../operations/instances/check-upload.ts';
import type { BatchNaming } from '../../operations/instances/prepared-batch.ts';
import { LONGEST_REASON } from './paths.ts';

/** Characters of the name of a batch. */
export const LONGEST_BATCH_NAME = 200;

/** Failures after which a batch may be told to stop; no batch has more rows. */
export const MOST_FAILURES = 10_000_000;

const flag = z.enum(['true', 'false']).optional();

const whole = (least: number, most: number, meaning: string) =>
  z.coerce.number().int().min(least).max(most).optional().describe(meaning);

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
  max_failures: whole(0, MOST_FAILURES, 'The batch stops when more instances than this have failed.'),
  however_many: whole(
    1,
    MOST_FAILURES,
    'The number of instances, where more are to be destroyed or blocked than fleet.guard says.',
  ),
  tries: whole(1, 1000, 'Tries of each job before it fails for good.'),
  skip_invalid: flag.describe('Whether to go on without the rows that are not good.'),
  dry_run: flag.describe('Whether to check only: nothing is queued.'),
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
  readonly skipInvalid: boolean;
  readonly dryRun: boolean;
}

/**
 * @param query as `uploadQuery` has let it pass, or unread
 * @throws InputError `bad_choice` for a value that means nothing for that kind of work
 */
export function uploadOrder(query: unknown): UploadOrder {
  const {
    kind,
    name,
    reason,
    max_failures,
    however_many: howeverMany,
    tries = DEFAULT_TRIES,
    skip_invalid,
    dry_run,
    ...of
  } = named.parse(query);
  const columns = columnsOf(query);
  return {
    work: workOf(kind, columns, { skipAccounts: isTrue(of.skip_accounts), resume: isTrue(of.resume) }),
    naming: { name, reason, maxFailures: max_failures, tries, howeverMany },
    skipInvalid: isTrue(skip_invalid),
    dryRun: isTrue(dry_run),
  };
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
