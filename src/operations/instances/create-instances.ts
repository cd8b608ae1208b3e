import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { CouchServer } from '../../couchdb/server.ts';
import { allNames } from '../../instances/lookup/all-names.ts';
import type { SteeringChange } from '../../jobs/batches/steering.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import {
  type BatchReporter,
  type BatchResult,
  type RunBatchOptions,
  runBatch,
} from '../batches/run-batch.ts';
import type { FailureShare } from '../batches/steering-input.ts';
import type { PassphraseMarker } from '../connect/passphrase-sealer.ts';
import { checkFile, type FileCounts, type FileReporter } from '../input/check-file.ts';
import type { CheckRowsOptions, Problem, ValidRow } from '../input/check-rows.ts';
import { NamesOfFile } from '../input/names-of-file.ts';
import { openInstanceFile } from '../input/row-file.ts';
import type { InputSource } from '../input/spool.ts';
import { creationChunks, type RowPassphrases, refuseForeignPassphrases } from './creation-chunks.ts';
import { alikeAmong } from './look-alikes.ts';
import { createOrganizations, withoutOwnText } from './organizations.ts';

/** An operator's file of instances to be made, and how its rows are understood. */
export interface CreationFile extends CheckRowsOptions {
  /** Path, `-` for `stdin`, or a stream. */
  readonly source: InputSource;
  readonly stdin: Readable;
}

/** How the rows of a file become a batch. */
export interface CreationBatch {
  /** Name of the batch; that of the file when it is not given. */
  readonly name: string | undefined;
  readonly reason: string;
  readonly maxFailures: FailureShare | undefined;
  /** What holds the batch back from the beginning. */
  readonly steering?: SteeringChange | undefined;
  /** Address to be notified of its end; absent = none. */
  readonly notify?: string | undefined;
  readonly tries: number;
}

/** A file of instances that was checked from its first row to its last; nothing is queued yet. */
export interface PreparedCreations {
  /** As it is shown to the operator. */
  readonly file: string;
  readonly counts: FileCounts;
  /** Whether any good row has a passphrase in clear text, which has to be turned into its stored form. */
  readonly hasPassphrases: boolean;
  /** Tells what is odd about the rows beside the instances that exist; once. */
  reportBesideOthers(global: CouchServer): Promise<void>;
  /**
   * What would be queued, page by page; nothing is.
   * @param passphrases absent where none is to be sealed
   * @throws InputError `foreign_passphrase` for an exported passphrase that is not good here
   */
  requests(tries: number, passphrases: RowPassphrases | undefined): AsyncIterable<readonly BatchRow[]>;
  /**
   * Queues a job for each good row as a batch, and follows it.
   * @param mark needed where there are passphrases
   * @throws InputError `file_changed` when its rows could not be kept and the file is not any more what was checked,
   * `foreign_passphrase` for an exported passphrase that is not good here
   */
  run(
    fleet: KeyedFleet,
    batch: CreationBatch,
    mark: PassphraseMarker | undefined,
    options: RunBatchOptions,
    report: BatchReporter,
  ): Promise<BatchResult>;
  close(): Promise<void>;
}

/**
 * Checks all rows of a file before any of them is queued (`ARCHITECTURE.md` §5).
 * @throws InputError when it cannot be read to its end; what is wrong with single rows is reported, and counted
 */
export async function prepareCreations(
  { source, stdin, defaults, rules }: CreationFile,
  report: FileReporter,
): Promise<PreparedCreations> {
  const file = await openInstanceFile(source, stdin, { defaults, rules });
  let names = new NamesOfFile();
  const organizations = createOrganizations();
  let hasPassphrases = false;
  let hasExported = false;
  let counts: FileCounts;
  try {
    const note = ({ line, options, passphrase, sealedPassphrase }: ValidRow): void => {
      if (passphrase !== undefined) hasPassphrases = true;
      if (sealedPassphrase !== undefined) hasExported = true;
      organizations.add(line, options);
    };
    counts = await checkFile(file, report, note, names);
  } catch (error) {
    await file.close();
    throw error;
  }
  const warn = (line: number, doubt: Problem): void =>
    report({ event: 'warning', file: file.name, line, ...doubt });
  return {
    file: file.name,
    counts,
    hasPassphrases,
    async reportBesideOthers(global) {
      const existing = organizations.noting(allNames(global));
      for await (const { line, doubt } of alikeAmong(names, existing)) warn(line, doubt);
      // They are not needed any more, and there may be very many.
      names = new NamesOfFile();
      for (const { orgId, line } of organizations.withoutOwn()) {
        warn(line, { column: 'org-id', message: withoutOwnText(orgId) });
      }
    },
    async *requests(tries, passphrases) {
      if (hasExported && passphrases !== undefined) {
        await refuseForeignPassphrases(file, passphrases.sealKey);
      }
      yield* creationChunks(file, organizations, tries, passphrases);
    },
    async run(fleet, { name = basename(file.name), tries, ...naming }, mark, options, onBatch) {
      const { sealKey } = fleet;
      if (hasExported) await refuseForeignPassphrases(file, sealKey);
      const { reason, maxFailures, notify, steering } = naming;
      const chunks = creationChunks(file, organizations, tries, { sealKey, mark });
      const { valid: total } = counts;
      const facts = { kind: 'create', name, reason, maxFailures, notify, steering, total } as const;
      const batch = { ...facts, chunks };
      return await runBatch(fleet, batch, options, onBatch);
    },
    close: () => file.close(),
  };
}
