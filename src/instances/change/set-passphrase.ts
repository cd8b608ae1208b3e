import { FleetError, toError } from '../../errors.ts';
import type { InstanceDocument, StoredInstance } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';
import type { EncryptorKey } from '../vault/organization-key.ts';
import { type PassphraseOwner, storedPassphrase } from '../vault/passphrase.ts';
import { newSecrets } from '../vault/secrets.ts';
import { renewedVault, VAULT_ID } from '../vault/vault.ts';
import {
  assertHasSettings,
  type ExistingInstance,
  readExisting,
  refuseUnfinished,
  updateInstance,
  updateSettings,
} from './existing-instance.ts';

export interface PassphraseChange extends ExistingInstance {
  /** In clear text. */
  readonly passphrase: string;
  /** The stack's vault key, for a vault that has no organization yet. */
  readonly organizationKey: EncryptorKey | undefined;
}

/**
 * Gives an instance a new passphrase without asking for the old one, as the stack's `set-passphrase`:
 * hash, vault key and RSA pair are new, so what the old key encrypted cannot be read any more; everybody
 * is logged out. A register token stays, and onboarding is not finished by it (`docs/cozy-data.md` §6.5).
 *
 * @throws Refusal `provisioning`, `deleting`, `superseded`, `incomplete`, and whatever the guard throws
 * @throws FleetError `vault_left` when only half of it could be done
 */
export async function setPassphrase(change: PassphraseChange): Promise<StoredInstance> {
  const { passphrase, organizationKey, guard } = change;
  const guarded: ExistingInstance = {
    ...change,
    guard: (instance) => {
      refuseUnfinished(instance);
      guard?.(instance);
    },
  };
  const before = await readExisting(guarded);
  await assertHasSettings(guarded, before);
  const made = await storedPassphrase(passphrase, ownerOf(before), organizationKey);
  const { session_secret } = newSecrets();
  // The vault goes last: once its old key is gone, the old passphrase opens nothing any more.
  const { document: instance } = await updateInstance(guarded, (now) => {
    refuseOtherSalt(before, now);
    return { ...now, passphrase_hash: made.passphraseHash, session_secret, password_defined: true };
  });
  try {
    await updateSettings(guarded, instance, VAULT_ID, (now) => renewedVault(now, made.vault));
  } catch (error) {
    // There is no vault any more that would go with that passphrase.
    if (error instanceof Refusal && error.code === 'superseded') throw error;
    throw vaultLeft(instance, error);
  }
  return instance;
}

function vaultLeft({ domain }: InstanceDocument, error: unknown): FleetError {
  const cause = toError(error);
  return new FleetError(
    'vault_left',
    `the passphrase of ${domain} was changed, but its vault was not: ${cause.message}`,
    'Run the command again with the same passphrase: until then nobody can open the vault.',
    { cause },
  );
}

function ownerOf({ domain, old_domain: oldDomain }: InstanceDocument): PassphraseOwner {
  return { domain, oldDomain };
}

/** The passphrase was salted with the names that the instance had before. */
function refuseOtherSalt(before: InstanceDocument, now: InstanceDocument): void {
  if (before.domain === now.domain && before.old_domain === now.old_domain) return;
  throw new Refusal(
    'superseded',
    `${before.domain} got another domain or former domain meanwhile`,
    'Try it again.',
  );
}
