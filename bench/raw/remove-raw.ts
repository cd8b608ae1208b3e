import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASES } from '../../src/instances/databases/databases.ts';
import { databaseName, prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { settleAll } from '../../src/settle-all.ts';
import { atATime } from './at-a-time.ts';
import type { RawFloor } from './make-raw.ts';

/**
 * The yardstick of a destruction: its 16 databases, its document and its directory, at the same concurrency, without a
 * look at anything before.
 * @param revisions of the instances' documents, by domain
 */
export async function removeRaw(
  floor: RawFloor,
  domains: readonly string[],
  revisions: ReadonlyMap<string, string>,
  concurrency: number,
  signal: AbortSignal,
): Promise<void> {
  await atATime(domains, concurrency, signal, async (domain) => {
    const { http, storageRoot } = floor;
    const prefix = prefixOf(domain);
    await settleAll([
      rm(join(storageRoot, domain), { recursive: true }).then(() => ''),
      ...DATABASES.map(({ doctype }) =>
        http.send('DELETE', `/${encodeURIComponent(databaseName(prefix, doctype))}`),
      ),
    ]);
    const document = `/${encodeURIComponent(INSTANCES)}/${reservationId(domain)}`;
    await http.send('DELETE', `${document}?rev=${revisions.get(domain) ?? ''}`);
  });
}
