import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { isFile } from '../config/find-config-file.ts';
import { scryptText } from '../instances/vault/passphrase.ts';
import type { Places } from './places.ts';
import { writePrivateFile } from './private-file.ts';

/** 120 bits, as 20 characters. */
const BYTES = 15;

type PassphraseConfig = { readonly serve: Pick<Config['serve'], 'adminPassphraseFiles'> };
type PassphrasePlaces = Pick<Places, 'adminPassphrase' | 'clearPassphrase'>;

/** Whether `serve` finds no file of the operator's, so that a passphrase of our own is used. */
export function usesOwnPassphrase(places: PassphrasePlaces, { serve }: PassphraseConfig): boolean {
  const { adminPassphrase, clearPassphrase } = places;
  // Where what was typed lies beside it, an `up` with another `--dir` made both, such as the one in `.fleet/`.
  const isOfUp = (file: string): boolean =>
    file === adminPassphrase || isFile(join(dirname(file), basename(clearPassphrase)));
  return serve.adminPassphraseFiles.every((file) => !isFile(file) || isOfUp(file));
}

/** Makes the admin passphrase of a trial, in both forms, unless there is one of last time. */
export async function ensureOwnPassphrase({
  adminPassphrase,
  clearPassphrase,
}: PassphrasePlaces): Promise<void> {
  if (isFile(adminPassphrase) && isFile(clearPassphrase)) return;
  const clear = randomBytes(BYTES).toString('base64url');
  await writePrivateFile(clearPassphrase, `${clear}\n`);
  await writePrivateFile(adminPassphrase, `${await scryptText(clear)}\n`);
}
