import pLimit from 'p-limit';
import { chunks } from '../../chunk.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import { defined } from '../../defined.ts';
import { SETTINGS } from '../../instances/databases/databases.ts';
import { databaseName, databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../instances/documents/settings-document.ts';
import type { Scheme } from '../../instances/domains/registration-link.ts';
import { clusterIfAny } from '../../instances/lookup/cluster-at.ts';
import type { BatchKind } from '../../jobs/batches/batch-kind.ts';
import type { Batches, Row } from '../../jobs/batches/batches.ts';
import type { Couch } from '../connect/couch.ts';
import {
  type ExportedRow,
  exportedRow,
  hasLink,
  instancesOf,
  type MoreLinks,
  noMoreLinks,
} from './export-batch.ts';

/** A row that succeeded, with whom it was for. */
export interface SuccessfulRow extends ExportedRow {
  readonly email?: string;
  readonly publicName?: string;
  readonly locale?: string;
  readonly context?: string;
}

/** Rows whose instances are read at a time. */
const PAGE = 200;

/** Settings documents that are read side by side. */
const AT_ONCE = 16;

/**
 * The rows of a batch that succeeded, in the order of the file, with what an invitation needs as CouchDB has it now: two
 * documents an instance. What belongs to another life of the domain is not told (`ARCHITECTURE.md` §3.3).
 * @throws InputError `unknown_batch`
 */
export async function* exportSuccessful(
  batches: Batches,
  couch: Pick<Couch, 'global' | 'cluster'>,
  scheme: Scheme,
  id: string,
  more: MoreLinks = noMoreLinks,
): AsyncGenerator<SuccessfulRow> {
  const { kind } = await batches.get(id);
  const limit = pLimit(AT_ONCE);
  const rows = batches.rows(id, 'done', 'incomplete');
  for await (const page of chunks(rows, PAGE)) {
    const instanceOf = await instancesOf(couch.global, kind, page);
    yield* await Promise.all(
      page
        .filter((row) => succeeded(kind, row))
        .map((row) =>
          limit(async () => {
            const result = instanceOf(row);
            const exported = exportedRow(row, kind, result, scheme);
            const isOwners = exported.status === 'created' || exported.linkExpires !== undefined;
            if (result?.readable !== true || !isOwners) return exported;
            const owner = await aboutOwner(couch, result.instance);
            return { ...exported, ...owner, ...(await more(exported, result)) };
          }),
        ),
    );
  }
}

/** Of a creation that is incomplete without a life of its own, another job made the instance. */
function succeeded(kind: BatchKind, row: Row): boolean {
  return row.state === 'done' || (hasLink(kind, row) && row.incarnation !== undefined);
}

async function aboutOwner(
  { cluster }: Pick<Couch, 'cluster'>,
  instance: StoredInstance,
): Promise<Pick<SuccessfulRow, 'email' | 'publicName' | 'locale' | 'context'>> {
  const server = clusterIfAny(cluster, instance.couch_cluster);
  const database = databaseName(databasePrefix(instance), SETTINGS);
  const settings = server && (await unlessNoDatabase(server.getDocument(database, SETTINGS_ID)));
  return defined({
    email: textOf(settings?.['email']),
    publicName: textOf(settings?.['public_name']),
    locale: textOf(instance.locale),
    context: textOf(instance.context),
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
