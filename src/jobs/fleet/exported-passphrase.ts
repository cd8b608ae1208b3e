import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { FleetError } from '../../errors.ts';
import { type PassphraseOwner, passphraseSalt } from '../../instances/vault/passphrase.ts';
import { derivedKey, seal, unseal } from './seal.ts';
import { type MarkedPassphrase, storedPassphraseSchema } from './sealed-passphrase.ts';

// A passphrase that is given back in a file: nobody can read it, and it is good for the same domain on the same fleet alone.

export const markedPassphrase = storedPassphraseSchema.extend({ mark: z.string().regex(/^[0-9a-f]{16}$/) });

const PREFIX = 'sealed:';

/** Characters of the longest one that is read: many times what a vault takes. */
const MOST_CHARACTERS = 2 ** 16;

/** Whether a text is meant to be one; whether it is, {@link openExportedPassphrase} tells. No owner may choose such a passphrase. */
export function isExportedPassphrase(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** The text that stands for a passphrase in an export. @param key of the fleet, base64 of 32 bytes */
export function exportedPassphrase(
  key: string,
  passphrase: MarkedPassphrase,
  owner: PassphraseOwner,
): string {
  return PREFIX + seal(keyFor(key, owner), passphrase);
}

/**
 * What such a text stands for.
 * @param owner with the domains for which it is to be good
 * @returns undefined where it was made for another domain or former domain or another fleet, or was cut
 */
export function openExportedPassphrase(
  key: string,
  text: string,
  owner: PassphraseOwner,
): MarkedPassphrase | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  try {
    return markedPassphrase.safeParse(unseal(keyFor(key, owner), text.slice(PREFIX.length))).data;
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

/** Base64, as `seal` takes it. The salt is part of what the passphrase was turned into. */
function keyFor(key: string, owner: PassphraseOwner): string {
  return createHmac('sha256', derivedKey(key, 'seal of an exported passphrase'))
    .update(JSON.stringify([owner.domain, passphraseSalt(owner)]))
    .digest('base64');
}
