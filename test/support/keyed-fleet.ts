import type { CouchServer } from '../../src/couchdb/server.ts';
import { ensureGlobalDatabases } from '../../src/instances/platform/global-databases.ts';
import type { Fleet, KeyedFleet } from '../../src/jobs/fleet/fleet.ts';
import { ensureFleetRecord } from '../../src/jobs/fleet/fleet-record.ts';
import { newSealKey } from '../../src/jobs/fleet/seal.ts';
import { createSigner } from '../../src/jobs/fleet/signer.ts';

/** A fleet with the key that its CouchDB has; it is made there where nobody has done so. */
export async function keyedFleet(fleet: Fleet, global: CouchServer): Promise<KeyedFleet> {
  await ensureGlobalDatabases(global);
  const { sealKey } = await ensureFleetRecord({ global, redis: fleet.redis, keys: fleet.keys });
  return withKey(fleet, sealKey);
}

/** A fleet with a key: of its own, where no CouchDB has a say. */
export function withKey(fleet: Fleet, sealKey: string = newSealKey()): KeyedFleet {
  return { ...fleet, sealKey, signer: createSigner(sealKey) };
}
