import type { Readable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import { checkCouch, openCouch } from '../couch.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type ParsedFlags, rawOptionsOf, refuseFlagsOfOneInstance } from '../instance-flags.ts';
import type { Output } from '../output.ts';
import { rulesOf } from '../parsing-rules.ts';
import { startPatience } from '../patience.ts';
import { refuseAppsFlag } from '../refusals.ts';
import { withFleet } from '../with-fleet.ts';
import { noteIdleWorkers } from '../worker-notice.ts';
import { displayFor } from './batch-display.ts';
import { type BatchSummary, batchSummary } from './batch-state.ts';
import { checkFile } from './check-file.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import { openInstanceFile } from './instance-file.ts';
import { preflight } from './preflight.ts';
import { type NewSubmission, refuseInvalidRows, submitBatch } from './submit-batch.ts';
import { watchBatch } from './watch-batch.ts';

export interface AddFileOptions extends Pick<NewSubmission, 'name' | 'reason' | 'maxFailures' | 'tries'> {
  readonly config: Config;
  /** Path, or `-` for `stdin`. */
  readonly source: string;
  readonly stdin: Readable;
  /** They stand in for columns that are absent or empty. */
  readonly flags: ParsedFlags & { readonly apps?: readonly string[] | undefined };
  readonly dryRun: boolean;
  readonly skipInvalid: boolean;
  /** Whether to leave once all rows are queued. */
  readonly async: boolean;
  /** Longest time to wait once all rows are queued, in milliseconds; undefined = without limit. */
  readonly wait: number | undefined;
  /** Whether `--json` was given. */
  readonly json: boolean;
  readonly output: Output;
}

/** What `--from` answers with `--json`. */
export interface FileCreation extends BatchSummary {
  readonly queued: number;
  readonly invalidRows: number;
}

export interface AddedFile {
  readonly answer: FileCreation | DryRun;
  readonly exitCode: ExitCode;
}

/**
 * Creates the instances of a file as a batch: first all rows are checked, then all are queued (design §5).
 * @throws InputError, FleetError; nothing was queued then, but where the file changed in between
 */
export async function addFile(options: AddFileOptions): Promise<AddedFile> {
  const { config, source, stdin, flags, skipInvalid, output } = options;
  refuseFlagsOfOneInstance(flags);
  refuseAppsFlag(flags);
  const checks = { defaults: rawOptionsOf(flags), rules: rulesOf(config) };
  const file = await openInstanceFile(source, stdin, checks);
  const couch = openCouch(config);
  try {
    const counts = await checkFile(file, output.note);
    if (options.dryRun) {
      const answer = await dryRun(config, couch, file.name, counts, output);
      refuseInvalidRows(counts, file.name, skipInvalid);
      return { answer, exitCode: EXIT.done };
    }
    refuseInvalidRows(counts, file.name, skipInvalid);
    for (const server of couch.servers()) await checkCouch(server);
    const { warning } = await preflight(config, counts.valid);
    if (warning !== undefined) output.note(warning);
    return await withFleet(config, (fleet) =>
      submit({ ...options, global: couch.global, fleet, file, counts }),
    );
  } finally {
    await file.close();
    await couch.close();
  }
}

type Submission = AddFileOptions & Pick<NewSubmission, 'global' | 'fleet' | 'file' | 'counts'>;

async function submit(submission: Submission): Promise<AddedFile> {
  const { fleet, counts, async, wait, json, output } = submission;
  const patience = startPatience();
  const display = displayFor(output, async || json);
  try {
    const { batchId, queued } = await submitBatch({ ...submission, display, signal: patience.signal });
    const rows = { queued, invalidRows: counts.invalid };
    if (async && patience.gaveUp === undefined) {
      await noteIdleWorkers(fleet, output);
      output.line(`Batch ${batchId} is queued. Watch it: cozy-fleet batches watch ${batchId}`);
      return { answer: { ...batchSummary(await fleet.batches.get(batchId)), ...rows }, exitCode: EXIT.done };
    }
    patience.startClock(wait);
    const { summary, exitCode } = await watchBatch(fleet, batchId, { output, json, patience, display });
    const isCutShort = patience.gaveUp === 'interrupted' && queued < counts.valid;
    return { answer: { ...summary, ...rows }, exitCode: isCutShort ? EXIT.interrupted : exitCode };
  } finally {
    patience.stop();
  }
}
