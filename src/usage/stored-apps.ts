import { appId, doctypeOf } from '../apps/manifest/documents.ts';
import type { AppKind } from '../apps/manifest/manifest.ts';
import { maskedSource } from '../apps/masked-source.ts';
import type { StoredDocument } from '../couchdb/documents.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { databaseName } from '../instances/databases/prefix.ts';

/** What the document of an application says, as far as a list of the fleet needs it; texts are empty where it says nothing. */
export interface StoredApp {
  readonly kind: AppKind;
  readonly slug: string;
  readonly version: string;
  /** Without user, password and query. */
  readonly source: string;
  /** The version that waits until its owner agrees to what it asks for; absent where none does. */
  readonly availableVersion?: string;
}

/** Applications asked for in one request; hardly an instance has as many. */
const PAGE = 500;

const KINDS: readonly AppKind[] = ['webapp', 'konnector'];

/** Manifests are long, and little of them is asked for. */
const FIELDS = ['_id', '_rev', 'slug', 'version', 'source', 'available_version'];

/**
 * The applications of an instance, webapps first.
 * @param prefix what the names of its databases begin with (`databasePrefix`)
 * @throws CouchError 404 where there is no such database
 */
export async function readStoredApps(
  server: CouchServer,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly StoredApp[]> {
  const read = await Promise.all(KINDS.map((kind) => appsOfKind(server, prefix, kind, signal)));
  return read.flat();
}

async function appsOfKind(
  server: CouchServer,
  prefix: string,
  kind: AppKind,
  signal: AbortSignal | undefined,
): Promise<StoredApp[]> {
  const database = databaseName(prefix, doctypeOf(kind));
  const apps: StoredApp[] = [];
  for (let after: string | null = null; ; ) {
    const query: object = { selector: { _id: { $gt: after } }, fields: FIELDS, limit: PAGE };
    const documents = await server.find(database, query, signal);
    apps.push(...documents.filter(({ _id }) => !_id.startsWith('_')).map((each) => appOf(kind, each)));
    const last = documents.at(-1)?._id;
    if (documents.length < PAGE || last === undefined) return apps;
    after = last;
  }
}

function appOf(kind: AppKind, document: StoredDocument): StoredApp {
  const { _id, slug, version, source, available_version } = document;
  const own = appId(kind, '');
  const named = _id.startsWith(own) ? _id.slice(own.length) : _id;
  const waiting = textOf(available_version);
  return {
    kind,
    slug: textOf(slug) || named,
    version: textOf(version),
    source: maskedSource(textOf(source)),
    ...(waiting !== '' && { availableVersion: waiting }),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
