import type { IndexesVersion } from '../../src/config/config.ts';
import { finishedDocument } from '../../src/instances/documents/finished-document.ts';
import type { InstanceDocument } from '../../src/instances/documents/instance-document.ts';
import { reservationDocument } from '../../src/instances/documents/reservation.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { newSecrets } from '../../src/instances/vault/secrets.ts';

export const secrets = newSecrets();
export const TOKEN = { registerToken: secrets.register_token };

/** A reservation with `secrets`. */
export function reserve(
  options: InstanceOptions,
  cluster = 0,
  indexesVersion: IndexesVersion = 39,
): InstanceDocument {
  return reservationDocument(options, { secrets, cluster, indexesVersion });
}

/** The finished document of an instance that its owner enters by a register token. */
export function finish(
  options: InstanceOptions,
  cluster = 0,
  indexesVersion?: IndexesVersion,
): InstanceDocument {
  return finishedDocument(reserve(options, cluster, indexesVersion), options, TOKEN);
}
