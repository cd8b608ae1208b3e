import { appId, doctypeOf } from '../../apps/manifest/documents.ts';
import type { AppKind } from '../../apps/manifest/manifest.ts';
import { maskedSource } from '../../apps/masked-source.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { CouchError, isNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { databaseName, databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { instanceState } from '../../instances/documents/instance-state.ts';
import { Refusal } from '../../instances/errors.ts';
import { classifyById } from '../../instances/lookup/lookup.ts';
import { inOrder } from '../instances/in-order.ts';

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

/** The applications of one instance, or why they could not be read. */
export type AppsReading =
  | { readonly readable: true; readonly domain: string; readonly apps: readonly StoredApp[] }
  | { readonly readable: false; readonly domain: string; readonly code: string; readonly problem: string };

/** Where instances and their databases are. */
export interface AppServers {
  readonly global: CouchServer;
  /** @throws Refusal `wrong_cluster` */
  cluster(index: number | undefined): CouchServer;
}

/** Instances that are read at a time: two short requests each. */
const AT_A_TIME = 8;

/** Applications asked for in one request; hardly an instance has as many. */
const PAGE = 500;

const KINDS: readonly AppKind[] = ['webapp', 'konnector'];

/** Manifests are long, and little of them is asked for. */
const FIELDS = ['_id', '_rev', 'slug', 'version', 'source', 'available_version'];

/**
 * Reads the applications of instances, some at a time, in the order of the instances. What is wrong with one instance
 * is told in its place.
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export function readApps(
  instances: AsyncIterable<StoredInstance>,
  servers: AppServers,
): AsyncGenerator<AppsReading, void, undefined> {
  return inOrder(instances, AT_A_TIME, async function* (instance, signal) {
    yield await readingOf(instance, servers, signal);
  });
}

async function readingOf(
  instance: StoredInstance,
  servers: AppServers,
  signal: AbortSignal,
): Promise<AppsReading> {
  const { domain } = instance;
  try {
    const server = servers.cluster(instance.couch_cluster);
    const prefix = databasePrefix(instance);
    const read = await Promise.all(KINDS.map((kind) => appsOfKind(server, prefix, kind, signal)));
    return { readable: true, domain, apps: read.flat() };
  } catch (error) {
    if (!isOfInstance(error)) throw error;
    if (isNoDatabase(error) && !(await mustHaveDatabases(instance, servers.global, signal))) {
      return { readable: true, domain, apps: [] };
    }
    return { readable: false, domain, code: error.code, problem: error.message };
  }
}

async function appsOfKind(
  server: CouchServer,
  prefix: string,
  kind: AppKind,
  signal: AbortSignal,
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

/** Whether it is about the databases of one instance; a server that is away is so for all of them. */
function isOfInstance(error: unknown): error is CouchError | Refusal {
  if (error instanceof Refusal) return true;
  return error instanceof CouchError && error.status !== undefined && error.kind !== 'outage';
}

/** Not one that is being made or removed, nor one that has gone while the list was read. */
async function mustHaveDatabases(
  { _id }: StoredInstance,
  global: CouchServer,
  signal: AbortSignal,
): Promise<boolean> {
  const now = await classifyById(global, _id, signal);
  if (now === undefined) return false;
  if (!now.readable) return true;
  const state = instanceState(now.instance);
  return state !== 'provisioning' && state !== 'deleting';
}
