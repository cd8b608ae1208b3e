import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { openExportedPassphrase } from '../../jobs/fleet/exported-passphrase.ts';
import { readRecord } from '../../jobs/fleet/fleet-record.ts';
import { newSealKey } from '../../jobs/fleet/seal.ts';
import { type MarkedPassphrase, sealMarked } from '../../jobs/fleet/sealed-passphrase.ts';
import { creation } from '../../jobs/queue/enqueue.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import type { PassphraseMarker } from '../connect/passphrase-sealer.ts';
import type { ValidRow } from '../input/check-rows.ts';
import type { InstanceFile } from '../input/row-file.ts';
import type { Organizations } from './organizations.ts';

/** Rows that are queued at a time. */
const CHUNK = 500;

/** The same where passphrases take their time: workers should have something to do, and Ctrl-C be heard. */
const CHUNK_WITH_PASSPHRASES = 32;

/** Where the good rows of a file come from. */
type GoodRows = Pick<InstanceFile, 'goodPages'>;

/**
 * The good rows of a file as jobs, in chunks: those of organizations' own instances before all others, else in the
 * order of the file.
 * @param organizations told all rows of the file before
 * @param passphrases absent where none is to be sealed
 * @throws InputError when its rows could not be kept, and it changed since it was checked
 */
export async function* creationChunks(
  file: GoodRows,
  organizations: Organizations,
  tries: number,
  passphrases: RowPassphrases | undefined,
): AsyncGenerator<BatchRow[]> {
  for await (const chunk of chunksOf(file, organizations)) {
    yield await Promise.all(chunk.map((row) => creationRow(row, organizations, tries, passphrases)));
  }
}

/**
 * A good row as a job.
 * @param organizations asked of all organizations' own instances before
 * @param passphrases absent where none is to be sealed
 */
export async function creationRow(
  row: Omit<ValidRow, 'kind'>,
  organizations: Pick<Organizations, 'before'>,
  tries: number,
  passphrases: RowPassphrases | undefined,
): Promise<BatchRow> {
  const { line, options, original: columns } = row;
  const { domain, oldDomain } = options;
  const passphrase = passphrases && (await rowPassphrase(passphrases, row));
  const seal = passphrase && sealMarked(passphrases.sealKey, passphrase, domain);
  const after = organizations.before(options);
  const kept = passphrase && { passphrase, owner: { domain, ...(oldDomain && { oldDomain }) } };
  return { row: line, original: { columns, ...kept }, ...creation({ options, seal, tries, after }) };
}

async function* chunksOf(file: GoodRows, organizations: Organizations): AsyncGenerator<ValidRow[]> {
  if (!organizations.isAny) {
    yield* chunksWhere(file, () => true);
    return;
  }
  yield* chunksWhere(file, ({ options }) => organizations.isOwn(options));
  yield* chunksWhere(file, ({ options }) => !organizations.isOwn(options));
}

async function* chunksWhere(
  file: GoodRows,
  isWanted: (row: ValidRow) => boolean,
): AsyncGenerator<ValidRow[]> {
  let chunk: ValidRow[] = [];
  let size = CHUNK;
  for await (const page of file.goodPages()) {
    for (const row of page) {
      if (!isWanted(row)) continue;
      chunk.push(row);
      if (row.passphrase !== undefined) size = CHUNK_WITH_PASSPHRASES;
      if (chunk.length < size) continue;
      yield chunk;
      chunk = [];
      size = CHUNK;
    }
  }
  if (chunk.length > 0) yield chunk;
}

/** What turns the passphrases of rows into their stored forms. */
export interface RowPassphrases {
  /** Of the fleet, base64 of 32 bytes. */
  readonly sealKey: string;
  /** Absent where no row has a passphrase in clear text. */
  readonly mark: PassphraseMarker | undefined;
}

/**
 * What a look ahead opens exported passphrases with, so that it refuses what the run would refuse; none in clear text is turned
 * into its stored form. Reads alone: where the fleet has no key yet, nothing was exported by it, and none opens.
 * @throws FleetError `bad_fleet_record`
 */
export async function passphrasesToTry(global: CouchServer): Promise<RowPassphrases> {
  const record = await readRecord(global);
  return { sealKey: record?.sealKey ?? newSealKey(), mark: undefined };
}

/** The stored form of a row's passphrase, be it given in clear text or as an export gave it; undefined where there is none. */
async function rowPassphrase(
  { sealKey, mark }: RowPassphrases,
  row: Omit<ValidRow, 'kind'>,
): Promise<MarkedPassphrase | undefined> {
  const { sealedPassphrase, options } = row;
  return sealedPassphrase === undefined
    ? await mark?.(row)
    : openExportedPassphrase(sealKey, sealedPassphrase, options);
}

/** @throws InputError `foreign_passphrase` for the first row whose exported passphrase does not open */
export async function refuseForeignPassphrases(file: InstanceFile, sealKey: string): Promise<void> {
  for await (const page of file.goodPages()) {
    for (const row of page) refuseForeignPassphrase(row, sealKey, file.name);
  }
}

/** The same for one row. @param file as it is shown */
export function refuseForeignPassphrase(
  { line, sealedPassphrase, options }: Pick<ValidRow, 'line' | 'sealedPassphrase' | 'options'>,
  sealKey: string,
  file: string,
): void {
  if (sealedPassphrase === undefined) return;
  if (openExportedPassphrase(sealKey, sealedPassphrase, options) !== undefined) return;
  throw new InputError(
    'foreign_passphrase',
    'the passphrase was exported for another domain or by another fleet, or was cut; nothing was queued',
    { file, line, column: 'passphrase' },
    'Give the passphrase itself, or leave it empty: the owner chooses one then.',
  );
}
