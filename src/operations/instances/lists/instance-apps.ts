import { doctypeOf } from '../../../apps/manifest/documents.ts';
import { unlessNoDatabase } from '../../../couchdb/errors.ts';
import { databaseName, databasePrefix } from '../../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import { clusterIfAny } from '../../../instances/lookup/cluster-at.ts';
import type { Couch } from '../../connect/couch.ts';

/** The applications that are installed on an instance. */
export interface InstanceApps {
  readonly slugs: ReadonlySet<string>;
  /** From where they were installed, as it is stored. */
  readonly sources: ReadonlySet<string>;
}

/** Reads webapps and konnectors of an instance; none where it has no databases of them. */
export async function instanceApps(
  { cluster }: Pick<Couch, 'cluster'>,
  instance: StoredInstance,
  signal?: AbortSignal,
): Promise<InstanceApps> {
  const server = clusterIfAny(cluster, instance.couch_cluster);
  const slugs = new Set<string>();
  const sources = new Set<string>();
  if (server === undefined) return { slugs, sources };
  for (const kind of ['webapp', 'konnector'] as const) {
    const database = databaseName(databasePrefix(instance), doctypeOf(kind));
    const reading = server.allDocuments(database, { includeDocs: true }, signal);
    for (const { id, doc } of (await unlessNoDatabase(reading)) ?? []) {
      const [, slug] = /^io\.cozy\.(?:apps|konnectors)\/(.+)$/.exec(id) ?? [];
      if (slug === undefined || !doc) continue;
      slugs.add(slug);
      if (typeof doc['source'] === 'string') sources.add(doc['source']);
    }
  }
  return { slugs, sources };
}
