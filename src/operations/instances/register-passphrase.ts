import { availableParallelism } from 'node:os';
import { FleetError, InputError } from '../../errors.ts';
import { createFairTurns } from '../../fair-turns.ts';
import {
  type PassphraseRegistration,
  refuseRegistration,
  registerPassphrase,
} from '../../instances/change/register-passphrase.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { readInstance } from '../../instances/lookup/lookup.ts';
import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import {
  type ChosenPassphrase,
  isThePassphrase,
  storedFormOf,
} from '../../instances/vault/chosen-passphrase.ts';
import type { EncryptorKey } from '../../instances/vault/organization-key.ts';
import type { PassphraseOwner } from '../../instances/vault/passphrase.ts';
import { holdNames } from '../../jobs/claims/hold-names.ts';
import { takeTurn } from '../../jobs/claims/take-turn.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { Couch } from '../connect/couch.ts';

export interface RegistrarServices extends Pick<Couch, 'global' | 'cluster'> {
  /** Asked only for what brings the right token. */
  fleet(): Promise<Fleet>;
  /** The stack's vault key (`passphrase-sealer.ts`). */
  organizationKey(): Promise<EncryptorKey>;
}

/** What the owner of an instance sends to register. */
export interface RegistrationInput {
  /** `_id` of the document of the instance. */
  readonly id: string;
  /** Hex, from anybody. */
  readonly token: string;
  readonly passphrase: ChosenPassphrase;
  readonly hint?: string | undefined;
}

/** Lets owners register their passphrases; one for all requests of a process. */
export interface Registrar {
  /**
   * Whether somebody may register with that token, by the document as it is now.
   * @throws as {@link Registrar.register}, where nothing was written
   */
  assertToken(id: string, token: string, signal: AbortSignal): Promise<StoredInstance>;
  /**
   * Registers a passphrase: from then on it opens the instance and its vault, and the token is used up.
   * @throws InputError `bad_register_token`, `bad_hint`; Refusal `superseded`, `closed`, `provisioning`, `deleting`,
   *   `incomplete`, `shared_prefix`; FleetError `lost_names`; what CouchDB and Redis say when they are away
   */
  register(input: RegistrationInput, signal: AbortSignal): Promise<StoredInstance>;
}

/**
 * Each passphrase costs 0.3 s of one core, and with the most iterations and a hint up to 3 s, so as many are done side by
 * side as there are cores. The right token is asked for first, so that nobody else can make us work, and whoever has one
 * gets one turn at a time: a hint that is refused uses no token up. The documents beside are read once, and then followed.
 */
export function createRegistrar({ global, cluster, fleet, organizationKey }: RegistrarServices): Registrar {
  const turns = createFairTurns(availableParallelism());
  const prefixIndex = createPrefixIndex(global);

  async function assertToken(id: string, token: string, signal: AbortSignal): Promise<StoredInstance> {
    const found = await readInstance(global, id, signal);
    if (found === undefined) throw new Refusal('superseded', 'the instance is gone by now');
    refuseRegistration(found, token);
    return found;
  }

  async function storedForm(input: RegistrationInput, owner: PassphraseOwner, signal: AbortSignal) {
    const { id, passphrase, hint } = input;
    const key = await organizationKey();
    return await turns.take(id, signal, async () => {
      if (hint && (await isThePassphrase(hint, passphrase, owner))) {
        throw new InputError('bad_hint', 'The hint is the passphrase itself');
      }
      return await storedFormOf(passphrase, owner, key);
    });
  }

  return {
    assertToken,
    async register(input, signal) {
      const { id, token, hint } = input;
      const { domain, old_domain: oldDomain, cli_secret: life } = await assertToken(id, token, signal);
      const opened = await fleet();
      const owner = { domain, oldDomain };
      const made = await storedForm(input, owner, signal);
      const guard = (now: StoredInstance) => refuseAnotherLife(now, life);
      const registration = { global, cluster, prefixIndex, id, token, made, owner, hint, guard };
      return await takeTurn(opened, domain, signal, (turn) => besideJobs(opened, registration, turn));
    },
  };
}

/**
 * Holds the name, too, as commands do that change an instance, so that none of them writes half of it in between. A
 * job that has the name is no reason to wait: what it writes is written under the revision, as ours is.
 */
async function besideJobs(
  fleet: Fleet,
  registration: PassphraseRegistration,
  signal: AbortSignal,
): Promise<StoredInstance> {
  let isHeld = false;
  const holding = { kind: 'modify', names: [registration.owner.domain], signal } as const;
  try {
    return await holdNames(fleet, holding, async (held) => {
      isHeld = true;
      return await registerPassphrase({ ...registration, signal: held });
    });
  } catch (error) {
    if (isHeld || !(error instanceof FleetError) || error.code !== 'busy') throw error;
    return await registerPassphrase({ ...registration, signal });
  }
}

function refuseAnotherLife(now: StoredInstance, life: string | undefined): void {
  if (now.cli_secret === life) return;
  throw new Refusal('superseded', `${now.domain} is another instance by now`, 'Nothing was changed.');
}
