import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Config } from '../../config/config.ts';
import type { ParsedOptions } from '../../instances/options/parse-options.ts';
import { type HashedPassphrase, storedHashedPassphrase } from '../../instances/vault/hashed-passphrase.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { sealPassphrase } from '../../jobs/fleet/sealed-passphrase.ts';
import { type PassphraseSealer, passphraseSealer } from '../../operations/connect/passphrase-sealer.ts';
import type { CreationOrder } from './submit-creation.ts';

/** Makes an order of what a client asked for: its passphrase gets its stored form, sealed for the job. */
export type OrderSealer = (
  fleet: KeyedFleet,
  parsed: ParsedOptions,
  hashed: HashedPassphrase | undefined,
) => Promise<CreationOrder>;

/** Of all requests together, as many passphrases are worked on at a time as there are cores. */
export function createOrderSealer(config: Config): OrderSealer {
  const limit = pLimit(availableParallelism());
  let sealer: Promise<PassphraseSealer> | undefined;

  /** Its key file is read when the first passphrase comes; one that cannot be read is looked for again. */
  async function sealerOf(fleet: KeyedFleet): Promise<PassphraseSealer> {
    sealer ??= passphraseSealer(config, fleet);
    try {
      return await sealer;
    } catch (error) {
      sealer = undefined;
      throw error;
    }
  }

  return async (fleet, parsed, hashed) => {
    const { options, passphrase } = parsed;
    if (passphrase === undefined) return { options, seal: undefined };
    if (hashed === undefined) return { options, seal: await (await sealerOf(fleet))(parsed) };
    const stored = await limit(() => storedHashedPassphrase(hashed));
    const { domain } = options;
    // The same passphrase with another key is another request.
    const known = JSON.stringify([hashed.hashed, hashed.key, hashed.iterations]);
    return { options, seal: sealPassphrase(fleet.sealKey, stored, { domain, passphrase: known }) };
  };
}
