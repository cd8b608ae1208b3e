import { InputError } from '../../errors.ts';
import { openExportedPassphrase } from '../../jobs/fleet/exported-passphrase.ts';
import type { MarkedPassphrase } from '../../jobs/fleet/sealed-passphrase.ts';
import type { PassphraseMarker } from '../connect/passphrase-sealer.ts';
import type { ValidRow } from '../input/check-rows.ts';
import type { InstanceFile } from '../input/row-file.ts';

/** What turns the passphrases of rows into their stored forms. */
export interface RowPassphrases {
  /** Of the fleet, base64 of 32 bytes. */
  readonly sealKey: string;
  /** Absent where no row has a passphrase in clear text. */
  readonly mark: PassphraseMarker | undefined;
}

/** The stored form of a row's passphrase, be it given in clear text or as an export gave it; undefined where there is none. */
export async function rowPassphrase(
  { sealKey, mark }: RowPassphrases,
  row: ValidRow,
): Promise<MarkedPassphrase | undefined> {
  const { sealedPassphrase, options } = row;
  return sealedPassphrase === undefined
    ? await mark?.(row)
    : openExportedPassphrase(sealKey, sealedPassphrase, options);
}

/** @throws InputError `foreign_passphrase` for the first row whose exported passphrase does not open */
export async function refuseForeignPassphrases(file: InstanceFile, sealKey: string): Promise<void> {
  for await (const row of file.rows()) {
    if (row.kind === 'invalid' || row.sealedPassphrase === undefined) continue;
    const { line, sealedPassphrase, options } = row;
    if (openExportedPassphrase(sealKey, sealedPassphrase, options) !== undefined) continue;
    throw new InputError(
      'foreign_passphrase',
      'the passphrase was exported for another domain or by another fleet, or was cut; nothing was queued',
      { file: file.name, line, column: 'passphrase' },
      'Give the passphrase itself, or leave it empty: the owner chooses one then.',
    );
  }
}
