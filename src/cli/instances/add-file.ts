import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import { type Couch, checkCouch, openCouch } from '../../operations/connect/couch.ts';
import { passphraseMarker } from '../../operations/connect/passphrase-sealer.ts';
import { withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import { type FileCounts, refuseInvalidRows } from '../../operations/input/check-file.ts';
import { readCreationRules } from '../../operations/input/read-creation-rules.ts';
import {
  type CreationBatch,
  type PreparedCreations,
  prepareCreations,
} from '../../operations/instances/create-instances.ts';
import { passphrasesToTry, type RowPassphrases } from '../../operations/instances/creation-chunks.ts';
import { type DryRunReport, dryRun } from '../../operations/instances/dry-run.ts';
import { preflight } from '../../operations/instances/preflight.ts';
import { count, counted } from '../../quantity-text.ts';
import type { Skeleton } from '../../skeleton/skeleton.ts';
import { batchPrinter, printBatchResult, type StartedBatch } from '../batches/print-batch.ts';
import { type PlanAnswer, showPlan } from '../batches/print-plan.ts';
import { type ParsedFlags, rawOptionsOf, refuseFlagsOfOneInstance } from '../flags/instance-flags.ts';
import { currentActor } from '../terminal/actor.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import { filePrinter } from '../terminal/input-printer.ts';
import { withInterrupt } from '../terminal/interrupt.ts';
import type { Output } from '../terminal/output.ts';
import { skeletonLines } from './skeleton-lines.ts';

export interface AddFileOptions extends CreationBatch {
  readonly config: Config;
  /** Path, or `-` for `stdin`. */
  readonly source: string;
  readonly stdin: Readable;
  /** They stand in for columns that are absent or empty. */
  readonly flags: ParsedFlags;
  /** As typed; undefined = that of the configuration. */
  readonly skeleton: string | undefined;
  readonly dryRun: boolean;
  readonly skipInvalid: boolean;
  /** Whether to leave once all rows are queued. */
  readonly async: boolean;
  /** Longest time to wait once all rows are queued, in milliseconds; undefined = without limit. */
  readonly waitMs: number | undefined;
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** Whether a person looks at a terminal. */
  readonly live: boolean;
  /** Where the plan of a dry run is written to; undefined where it is only shown. */
  readonly planFile: string | undefined;
  readonly output: Output;
}

/** What `--from` answers with `--json`. */
export interface FileCreation extends StartedBatch {
  readonly invalidRows: number;
}

/** What a dry run answers with `--json`. */
export interface DryRunAnswer extends FileCounts, PlanAnswer {
  readonly file: string;
  /** What it would cost, and what is free, in words. */
  readonly preflight: readonly string[];
  readonly fits: boolean;
}

/**
 * Creates the instances of a file as a batch: first all rows are checked, then all are queued (`ARCHITECTURE.md` §5).
 * @throws InputError, FleetError; nothing was queued then, but where the file changed in between
 */
export async function addFile(options: AddFileOptions): Promise<CommandResult<FileCreation | DryRunAnswer>> {
  const { config, source, stdin, flags, skeleton, output } = options;
  refuseFlagsOfOneInstance(flags);
  const { rules, skeleton: read } = await readCreationRules(config, skeleton);
  const file = { source, stdin, defaults: rawOptionsOf(flags), rules };
  const prepared = await prepareCreations(file, filePrinter(output));
  const couch = openCouch(config);
  try {
    return options.dryRun
      ? await tryOut(options, prepared, couch, read)
      : await create(options, prepared, couch);
  } finally {
    await prepared.close();
    await couch.close();
  }
}

async function create(
  options: AddFileOptions,
  prepared: PreparedCreations,
  couch: Couch,
): Promise<CommandResult<FileCreation>> {
  const { config, skipInvalid, async, waitMs, json, output } = options;
  const { counts } = prepared;
  refuseInvalidRows(counts, prepared.file, skipInvalid);
  for (const server of couch.servers()) await checkCouch(server);
  await prepared.reportBesideOthers(couch.global);
  const { warning } = await preflight(config, counts.valid);
  if (warning !== undefined) output.note(warning);
  const result = await withKeyedFleet(config, couch.global, async (fleet) => {
    const mark = prepared.hasPassphrases ? await passphraseMarker(config, fleet) : undefined;
    return await withInterrupt((signal) => {
      const run = { actor: currentActor(), async, waitMs, signal };
      return prepared.run(
        fleet,
        { ...options, notify: options.notify ?? config.fleet.notify },
        mark,
        run,
        batchPrinter(output, async || json),
      );
    });
  });
  const { answer, outcome } = printBatchResult(result, output);
  if (counts.invalid > 0) output.line(leftOutText(counts.invalid, prepared.file));
  return { answer: { ...answer, invalidRows: counts.invalid }, outcome };
}

/** What a batch cannot tell of its file: rows that never came into it. */
function leftOutText(rows: number, file: string): string {
  return rows === 1
    ? `1 row of ${file} was left out, for it is not good.`
    : `${count(rows)} rows of ${file} were left out, for they are not good.`;
}

/** Says what the file would do; nothing is queued. */
async function tryOut(
  options: AddFileOptions,
  prepared: PreparedCreations,
  couch: Couch,
  skeleton: Skeleton | undefined,
): Promise<CommandResult<DryRunAnswer>> {
  const { config, skipInvalid, output, live, planFile } = options;
  const { file, counts } = prepared;
  const doubtful = counts.doubtful === 0 ? '' : `; ${count(counts.doubtful)} of the good ones with warnings`;
  const heading = `${file}: ${counted(counts.valid, 'good row')}, ${count(counts.invalid)} bad${doubtful}`;
  const estimate = await dryRun(config, couch, counts.valid, dryRunPrinter(heading, output));
  if (skeleton !== undefined) for (const line of skeletonLines(skeleton)) output.line(`  ${line}`);
  output.line('Nothing was queued: this was a dry run.');
  await prepared.reportBesideOthers(couch.global);
  refuseInvalidRows(counts, file, skipInvalid);
  const { lines, warning } = estimate;
  const { name, reason, maxFailures, steering, tries } = options;
  const naming = { name, reason, maxFailures, steering, tries };
  const show = (passphrases: RowPassphrases) => {
    const requests = prepared.requests(tries, passphrases);
    const work = { kind: 'create', name: basename(file), rate: undefined, requests } as const;
    return showPlan({ config, couch, output, live, file: planFile, naming }, work);
  };
  // Only for what is kept a passphrase in clear text gets its stored form, which takes its time.
  const { answer, outcome } =
    planFile === undefined
      ? await show(await passphrasesToTry(couch.global))
      : await withKeyedFleet(config, couch.global, async (fleet) => {
          const mark = prepared.hasPassphrases ? await passphraseMarker(config, fleet) : undefined;
          return await show({ sealKey: fleet.sealKey, mark });
        });
  return {
    answer: { file, ...counts, preflight: lines, fits: warning === undefined, ...answer },
    outcome,
  };
}

function dryRunPrinter(heading: string, output: Output): (report: DryRunReport) => void {
  return (report) => {
    switch (report.event) {
      case 'estimate': {
        const { lines, warning } = report.estimate;
        output.line(heading);
        for (const line of lines) output.line(`  ${line}`);
        if (warning !== undefined) output.note(warning);
        return;
      }
      case 'answers':
        output.line(`  ${report.server} ${report.name} answers`);
        return;
      default:
        report satisfies never;
    }
  };
}
