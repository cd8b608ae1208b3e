import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { allNames } from '../../instances/lookup/all-names.ts';
import { checkCouch, openCouch } from '../couch.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type ParsedFlags, rawOptionsOf, refuseFlagsOfOneInstance } from '../instance-flags.ts';
import type { Output } from '../output.ts';
import { rulesOf } from '../parsing-rules.ts';
import { passphraseSealer } from '../passphrase-sealer.ts';
import { namesOfOptions, type Problem } from '../rows/check-rows.ts';
import { withKeyedFleet } from '../with-fleet.ts';
import { checkFile, warningTexts } from './check-file.ts';
import { creationChunks } from './creation-chunks.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import { openInstanceFile } from './instance-file.ts';
import { createOrganizations, type Organizations } from './organizations.ts';
import { preflight } from './preflight.ts';
import { type BatchRun, runBatch, type StartedBatch } from './run-batch.ts';
import { refuseInvalidRows } from './submit-batch.ts';
import { createNewNames, type NewNames } from './twins.ts';

export interface AddFileOptions extends Pick<BatchRun, 'reason' | 'maxFailures' | 'async' | 'wait' | 'json'> {
  readonly config: Config;
  /** Path, or `-` for `stdin`. */
  readonly source: string;
  readonly stdin: Readable;
  /** They stand in for columns that are absent or empty. */
  readonly flags: ParsedFlags;
  readonly dryRun: boolean;
  readonly skipInvalid: boolean;
  readonly tries: number;
  /** Name of the batch; that of the file when it is not given. */
  readonly name: string | undefined;
  readonly output: Output;
}

/** What `--from` answers with `--json`. */
export interface FileCreation extends StartedBatch {
  readonly invalidRows: number;
}

export interface AddedFile {
  readonly answer: FileCreation | DryRun;
  readonly exitCode: ExitCode;
}

/**
 * Creates the instances of a file as a batch: first all rows are checked, then all are queued (`ARCHITECTURE.md` §5).
 * @throws InputError, FleetError; nothing was queued then, but where the file changed in between
 */
export async function addFile(options: AddFileOptions): Promise<AddedFile> {
  const { config, source, stdin, flags, skipInvalid, output } = options;
  refuseFlagsOfOneInstance(flags);
  const checks = { defaults: rawOptionsOf(flags), rules: rulesOf(config) };
  const file = await openInstanceFile(source, stdin, checks);
  const couch = openCouch(config);
  try {
    let withPassphrase = 0;
    const names = createNewNames();
    const organizations = createOrganizations();
    const counts = await checkFile(file, output.note, ({ line, options: wanted, passphrase }) => {
      if (passphrase !== undefined) withPassphrase += 1;
      names.add(line, namesOfOptions(wanted));
      organizations.add(line, wanted);
    });
    if (options.dryRun) {
      const answer = await dryRun(config, couch, file.name, counts, output);
      await tellBesideOthers({ names, organizations }, couch.global, file.name, output);
      refuseInvalidRows(counts, file.name, skipInvalid);
      return { answer, exitCode: EXIT.done };
    }
    refuseInvalidRows(counts, file.name, skipInvalid);
    for (const server of couch.servers()) await checkCouch(server);
    await tellBesideOthers({ names, organizations }, couch.global, file.name, output);
    const { warning } = await preflight(config, counts.valid);
    if (warning !== undefined) output.note(warning);
    return await withKeyedFleet(config, couch.global, async (fleet) => {
      const sealer = withPassphrase === 0 ? undefined : await passphraseSealer(config, fleet);
      const { answer, exitCode } = await runBatch({
        ...options,
        fleet,
        kind: 'create',
        name: options.name ?? basename(file.name),
        total: counts.valid,
        chunks: creationChunks(file, organizations, options.tries, sealer),
      });
      return { answer: { ...answer, invalidRows: counts.invalid }, exitCode };
    });
  } finally {
    await file.close();
    await couch.close();
  }
}

/** Tells what is odd about the rows of a file beside the instances that exist. */
async function tellBesideOthers(
  { names, organizations }: { readonly names: NewNames; readonly organizations: Organizations },
  global: CouchServer,
  file: string,
  output: Output,
): Promise<void> {
  const tell = (line: number, doubt: Problem) => {
    for (const text of warningTexts(file, line, [doubt])) output.note(text);
  };
  for await (const { line, doubt } of names.twinsAmong(organizations.noting(allNames(global)))) {
    tell(line, doubt);
  }
  for (const { orgId, line } of organizations.withoutOwn()) {
    const message = `no instance has ${JSON.stringify(orgId)} as its first label: members get no directory`;
    tell(line, { column: 'org-id', message });
  }
}
