import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { isFile } from '../config/find-config-file.ts';
import { scryptText } from '../instances/vault/passphrase.ts';
import type { Places } from './places.ts';
import { writePrivateFile } from './private-file.ts';

/** 120 bits, as 20 characters. */
const BYTES = 15;

/** Whether `serve` finds no file of the operator's, so that a passphrase of our own is used. */
export function usesOwnPassphrase({ adminPassphrase }: Places, { serve }: Config): boolean {
  return serve.adminPassphraseFiles.every((file) => file === adminPassphrase || !isFile(file));
}

/** Makes the admin passphrase of a trial, in both forms, unless there is one of last time. */
export async function ensureOwnPassphrase({ adminPassphrase, clearPassphrase }: Places): Promise<void> {
  if (isFile(adminPassphrase) && isFile(clearPassphrase)) return;
  const clear = randomBytes(BYTES).toString('base64url');
  await writePrivateFile(clearPassphrase, `${clear}\n`);
  await writePrivateFile(adminPassphrase, `${await scryptText(clear)}\n`);
}
