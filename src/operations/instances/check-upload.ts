import { Readable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import type { RawOptions } from '../../instances/options/flags.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import type { BatchReporter, BatchResult, RunBatchOptions } from '../batches/run-batch.ts';
import { type Couch, checkCouch } from '../connect/couch.ts';
import { passphraseMarker } from '../connect/passphrase-sealer.ts';
import { type FileCounts, refuseInvalidRows } from '../input/check-file.ts';
import { rulesNow } from '../input/current-rules.ts';
import { rulesOf } from '../input/rules-of.ts';
import type { InputStream } from '../input/spool.ts';
import { withPlanServices } from '../plan/open-plan.ts';
import { makePlan, type Plan } from '../plan/plan.ts';
import type { SelectionServices } from '../targets/selection.ts';
import { collectedReports, type RowReports } from './collected-reports.ts';
import { prepareCreations } from './create-instances.ts';
import { passphrasesToTry, type RowPassphrases } from './creation-chunks.ts';
import { prepareDestructions } from './destroy-instances.ts';
import { prepareModificationsOf } from './modify-instances.ts';
import { type Preflight, preflight } from './preflight.ts';
import type { BatchNaming, PreparedBatch } from './prepared-batch.ts';
import { refuseAddRm } from './refuse-add-rm.ts';

/** What is to be done to the instances that an upload names. */
export type UploadWork =
  /** `defaults` stand in for columns that are absent or empty. */
  | { readonly kind: 'create'; readonly defaults: RawOptions }
  /** `changes` hold where a row does not say otherwise. */
  | { readonly kind: 'modify'; readonly changes: RawOptions }
  | { readonly kind: 'destroy'; readonly skipAccounts: boolean; readonly resume: boolean };

/** An upload, and what is to be done with it. */
export interface Upload {
  readonly rows: InputStream;
  readonly work: UploadWork;
  /** Whether to go on without the rows that are not good. */
  readonly skipInvalid: boolean;
}

/** An upload that was read and checked from its first row to its last; nothing is queued yet. To be closed in any case. */
export interface CheckedUpload extends RowReports {
  readonly kind: UploadWork['kind'];
  /** Its name, as it is shown. */
  readonly file: string;
  readonly counts: FileCounts;
  /** Why nothing of it can be queued, with its place where there is one; undefined when it can. */
  readonly refusal: InputError | undefined;
  /** Whether any good row has a passphrase in clear text, which takes its time to be turned into its stored form. */
  readonly hasPassphrases: boolean;
  /** What the creations would cost; undefined where none are meant. */
  readonly preflight: Preflight | undefined;
  /**
   * What would be queued, page by page; nothing is, and nothing comes where there is a refusal.
   * @param passphrases absent where none is to be sealed, for a plan that is only shown
   */
  requests(tries: number, passphrases?: RowPassphrases): AsyncIterable<readonly BatchRow[]>;
  /**
   * Queues a job for each good row as a batch, and answers once all are queued or the signal is aborted. The first that
   * it reports is the id of the batch.
   * @throws the refusal where there is one; FleetError as the command for the same does
   */
  submit(
    fleet: KeyedFleet,
    naming: BatchNaming,
    options: Pick<RunBatchOptions, 'actor' | 'signal'>,
    report: BatchReporter,
  ): Promise<BatchResult>;
  close(): Promise<void>;
}

/** Where uploads are checked. */
export interface UploadServices {
  readonly config: Config;
  readonly couch: Couch;
}

const NO_ROWS: FileCounts = { valid: 0, invalid: 0, doubtful: 0 };

/** Nobody types the rows of an upload. */
const noStdin = Readable.from([]);

/**
 * Copies an upload to a private place and checks all of its rows. What is wrong with the rows, or with the file as a
 * whole, is in the answer.
 * @throws FleetError `disabled`, `no_room_for_input`, `couchdb_unreachable`, and whatever ends the stream
 */
export async function checkUpload(services: UploadServices, upload: Upload): Promise<CheckedUpload> {
  const { work } = upload;
  switch (work.kind) {
    case 'create':
      refuseAddRm(services.config, 'add');
      return await checkCreations(services, upload, work.defaults);
    case 'modify': {
      const { changes } = work;
      return await checkSelection(services, upload, (selection) =>
        prepareModificationsOf(
          selection,
          { from: upload.rows, skipInvalid: upload.skipInvalid },
          { rules: rulesOf(services.config), changes, guardPercent: services.config.fleet.guardPercent },
        ),
      );
    }
    case 'destroy': {
      refuseAddRm(services.config, 'destroy');
      const { skipAccounts, resume } = work;
      const chosen = { domains: [], from: upload.rows, filter: {}, skipInvalid: upload.skipInvalid };
      return await checkSelection(services, upload, (selection) =>
        prepareDestructions(selection, chosen, {
          skipAccounts,
          resume,
          guardPercent: services.config.fleet.guardPercent,
        }),
      );
    }
    default:
      return work satisfies never;
  }
}

async function checkCreations(
  { config, couch }: UploadServices,
  { rows, skipInvalid }: Upload,
  defaults: RawOptions,
): Promise<CheckedUpload> {
  const { reports, report } = collectedReports();
  const about = { kind: 'create', file: rows.name, ...reports } as const;
  const file = { source: rows, stdin: noStdin, defaults };
  const prepared = await orRefusal(
    rulesNow(config).then((rules) => prepareCreations({ ...file, rules }, report)),
  );
  if (prepared instanceof InputError) return refused({ ...about, counts: NO_ROWS, refusal: prepared });
  try {
    const { counts } = prepared;
    const refusal = refusalOf(() => refuseInvalidRows(counts, rows.name, skipInvalid));
    if (refusal === undefined) {
      for (const server of couch.servers()) await checkCouch(server);
      await prepared.reportBesideOthers(couch.global);
    }
    const cost = await preflight(config, counts.valid);
    return {
      ...about,
      counts,
      refusal,
      preflight: cost,
      hasPassphrases: prepared.hasPassphrases,
      requests: (tries, passphrases) =>
        refusal === undefined ? prepared.requests(tries, passphrases) : nothing(),
      async submit(fleet, naming, options, onBatch) {
        if (refusal !== undefined) throw refusal;
        const mark = prepared.hasPassphrases ? await passphraseMarker(config, fleet) : undefined;
        return await prepared.run(
          fleet,
          { notify: config.fleet.notify, ...naming },
          mark,
          { ...options, ...IN_BACKGROUND },
          onBatch,
        );
      },
      close: () => prepared.close(),
    };
  } catch (error) {
    await prepared.close();
    throw error;
  }
}

async function checkSelection(
  { config, couch: { global, cluster } }: UploadServices,
  { rows, work: { kind } }: Upload,
  prepare: (services: SelectionServices) => Promise<PreparedBatch>,
): Promise<CheckedUpload> {
  const { reports, report } = collectedReports();
  let counts = NO_ROWS;
  const onCounted = (counted: FileCounts): void => {
    counts = counted;
  };
  const about = { kind, file: rows.name, ...reports };
  const prepared = await orRefusal(
    prepare({
      global,
      cluster,
      stdin: noStdin,
      // Only a filter meets what cannot be read.
      report: (each) => each.event !== 'unreadable' && each.event !== 'unmeasured' && report(each),
      onCounted,
    }),
  );
  if (prepared instanceof InputError) return refused({ ...about, counts, refusal: prepared });
  return {
    ...about,
    counts,
    refusal: undefined,
    preflight: undefined,
    hasPassphrases: false,
    requests: (tries) => prepared.requests(tries),
    submit: (fleet, naming, options, onBatch) =>
      prepared.run(
        fleet,
        { notify: config.fleet.notify, ...naming },
        { ...options, ...IN_BACKGROUND },
        onBatch,
      ),
    close: () => prepared.close(),
  };
}

/** Whoever submits it does not wait for its end. */
const IN_BACKGROUND = { async: true, waitMs: undefined } as const;

function refused(
  checked: Omit<
    CheckedUpload,
    'preflight' | 'hasPassphrases' | 'requests' | 'submit' | 'close' | 'refusal'
  > & {
    readonly refusal: InputError;
  },
): CheckedUpload {
  return {
    ...checked,
    preflight: undefined,
    hasPassphrases: false,
    requests: nothing,
    submit: () => Promise.reject(checked.refusal),
    close: async () => undefined,
  };
}

async function* nothing(): AsyncGenerator<readonly BatchRow[]> {}

/** Looks at all rows of an upload that was checked, as a dry run of the command for the same does. */
export async function planUpload(
  { config, couch }: UploadServices,
  checked: Pick<CheckedUpload, 'kind' | 'file' | 'requests'>,
  tries: number,
  passphrases?: RowPassphrases,
): Promise<Plan> {
  const { kind, file: name } = checked;
  const opened = passphrases ?? (await passphrasesToTry(couch.global));
  const work = { kind, name, rate: undefined, requests: checked.requests(tries, opened) };
  return await withPlanServices(config, couch, (services) => makePlan(services, work));
}

/** What is wrong with the file itself is an answer; that it never came whole is none. */
async function orRefusal<T>(preparing: Promise<T>): Promise<T | InputError> {
  try {
    return await preparing;
  } catch (error) {
    if (error instanceof InputError && error.place.file !== undefined) return error;
    throw error;
  }
}

function refusalOf(check: () => void): InputError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}
