import { InputError } from '../../errors.ts';
import type { InstanceDocument, StoredInstance } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';
import type { CompleteStoredPassphrase, PassphraseOwner } from '../vault/passphrase.ts';
import { isRegisterToken } from '../vault/register-token.ts';
import { newSecrets } from '../vault/secrets.ts';
import { renewedVault, VAULT_ID } from '../vault/vault.ts';
import {
  assertHasSettings,
  type ExistingInstance,
  refuseUnfinished,
  updateInstance,
  updateSettings,
} from './existing-instance.ts';

export interface PassphraseRegistration extends ExistingInstance {
  /** Hex, from anybody. */
  readonly token: string;
  /** Made for {@link owner}. */
  readonly made: CompleteStoredPassphrase;
  /** The names that the passphrase was salted with. */
  readonly owner: PassphraseOwner;
  /** Helps its owner to remember; absent leaves the one that is there. */
  readonly hint?: string | undefined;
}

/**
 * Gives an instance the passphrase that its owner chose, and ends its onboarding (`docs/cozy-data.md` §6.5). There
 * are two documents: the vault is written first, and the instance under the revision that was read before, so that
 * the token is used up only when the vault is there; after a conflict both are looked at again, and written again.
 * Two registrations at once must take turns, or the vault of one could meet the hash of the other.
 *
 * @throws InputError `bad_register_token` when the token is not, or not any more, that of the instance
 * @throws Refusal `provisioning`, `deleting`, `closed`, `superseded`, `incomplete`, `shared_prefix`, and whatever the
 *   guard throws
 */
export async function registerPassphrase(registration: PassphraseRegistration): Promise<StoredInstance> {
  const { token, made, owner, hint, guard } = registration;
  const { session_secret } = newSecrets();
  // Where no answer said that the instance was written, it is read again, and has neither token nor open onboarding.
  const isDone = (now: InstanceDocument) => now.passphrase_hash === made.passphraseHash;
  const guarded: ExistingInstance = {
    ...registration,
    guard: (now) => {
      guard?.(now);
      if (isDone(now)) return;
      refuseRegistration(now, token);
      refuseOtherSalt(owner, now);
    },
  };
  const { document } = await updateInstance(
    guarded,
    (now) => (isDone(now) ? now : onboarded(now, made.passphraseHash, session_secret)),
    async (now) => {
      if (isDone(now)) return;
      await assertHasSettings(guarded, now);
      await updateSettings(guarded, now, VAULT_ID, (vault) => ({
        ...renewedVault(vault, made.vault),
        ...(hint && { passphrase_hint: hint }),
      }));
    },
  );
  return document;
}

/**
 * Refuses whoever brings another token, and an instance that nobody may register with.
 * @throws InputError `bad_register_token`, Refusal `provisioning`, `deleting`, `closed`
 */
export function refuseRegistration(instance: InstanceDocument, token: string): void {
  refuseUnfinished(instance);
  if (instance.blocked === true || instance.moved === true) {
    throw new Refusal('closed', `${instance.domain} is blocked, or was moved to another place`);
  }
  if (instance.onboarding_finished === true || !isRegisterToken(instance.register_token, token)) {
    throw new InputError('bad_register_token', 'Invalid register token');
  }
}

function onboarded(now: StoredInstance, passphraseHash: string, sessionSecret: string): StoredInstance {
  const { register_token: _, ...kept } = now;
  return {
    ...kept,
    passphrase_hash: passphraseHash,
    session_secret: sessionSecret,
    password_defined: true,
    onboarding_finished: true,
  };
}

function refuseOtherSalt({ domain, oldDomain }: PassphraseOwner, now: InstanceDocument): void {
  if (domain === now.domain && (oldDomain ?? '') === (now.old_domain ?? '')) return;
  throw new Refusal(
    'superseded',
    `${domain} got another domain or former domain meanwhile`,
    'Nothing was changed. Open the link again.',
  );
}
