import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import { DATABASES } from '../../src/instances/databases/databases.ts';
import type { Designs } from '../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { defaultDirectories } from '../../src/instances/documents/directories.ts';
import {
  directoryDocument,
  ROOT_ID,
  rootDocument,
  TRASH_NAME,
  trashDocument,
} from '../../src/instances/documents/file-documents.ts';
import { finishedDocument } from '../../src/instances/documents/finished-document.ts';
import { myselfContact } from '../../src/instances/documents/myself-contact.ts';
import { reservationDocument } from '../../src/instances/documents/reservation.ts';
import { settingsDocument } from '../../src/instances/documents/settings-document.ts';
import { cozyUrl } from '../../src/instances/domains/registration-link.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { newSecrets } from '../../src/instances/vault/secrets.ts';
import { member } from '../ask.ts';
import { benchOptions } from '../instances.ts';
import { atATime } from './at-a-time.ts';
import type { RawHttp } from './raw-http.ts';

const WANTED = { administrative: true, photos: true };

export interface RawFloor {
  readonly http: RawHttp;
  readonly designs: Designs;
  readonly storageRoot: string;
}

/**
 * The yardstick: the least requests that leave the databases, documents and directories of our
 * creation, at the same concurrency, and nothing that makes it safe or resumable.
 * @returns the revision of each instance's document, by domain
 */
export async function makeRaw(
  floor: RawFloor,
  domains: readonly string[],
  concurrency: number,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const revisions = new Map<string, string>();
  await atATime(domains, concurrency, signal, async (domain) => {
    revisions.set(domain, await makeOne(floor, benchOptions(domain)));
  });
  return revisions;
}

/** @returns the revision of its document */
async function makeOne(floor: RawFloor, options: InstanceOptions): Promise<string> {
  const { http } = floor;
  const { register_token: registerToken, ...secrets } = newSecrets();
  const reservation = reservationDocument(options, { secrets, cluster: 0 });
  const instancePath = `${pathOf(INSTANCES)}/${reservation._id}`;
  const rev = revision(await http.send('PUT', instancePath, JSON.stringify(reservation)));

  const prefix = prefixOf(options.domain);
  await Promise.all([
    makeDirectories(floor.storageRoot, options),
    ...DATABASES.map(({ doctype }) => http.send('PUT', pathOf(databaseName(prefix, doctype)))),
  ]);
  const bulks = [...documentsOf(options, floor.designs)].filter(([, documents]) => documents.length > 0);
  await Promise.all(
    bulks.map(([doctype, docs]) =>
      http.send('POST', `${pathOf(databaseName(prefix, doctype))}/_bulk_docs`, JSON.stringify({ docs })),
    ),
  );
  const finished = finishedDocument({ ...reservation, _rev: rev }, options, { registerToken });
  return revision(await http.send('PUT', instancePath, JSON.stringify(finished)));
}

/** Design documents and ordinary ones of a database go in one request. */
function documentsOf(options: InstanceOptions, designs: Designs): Map<string, CouchDocument[]> {
  const url = cozyUrl('https', options.domain);
  const { email, public_name: publicName } = options.settings;
  const own = new Map<string, CouchDocument[]>([
    ['io.cozy.files', directoryDocuments(options, url)],
    ['io.cozy.settings', [{ ...settingsDocument(options) }]],
    ['io.cozy.contacts', [{ _id: newId(), ...myselfContact({ email, publicName, cozyUrl: url }) }]],
  ]);
  return new Map(
    DATABASES.map(({ doctype }) => [doctype, [...(designs.get(doctype) ?? []), ...(own.get(doctype) ?? [])]]),
  );
}

function directoryDocuments({ locale }: InstanceOptions, createdOn: string): CouchDocument[] {
  const now = new Date().toISOString();
  const ids = new Map([['/', ROOT_ID]]);
  const documents: CouchDocument[] = [{ ...rootDocument(now, false) }, { ...trashDocument(now) }];
  for (const { name, path, parentPath, referencedBy } of defaultDirectories(locale, WANTED)) {
    const _id = newId();
    ids.set(path, _id);
    const parentId = ids.get(parentPath) ?? ROOT_ID;
    documents.push({ _id, ...directoryDocument({ name, path, parentId, now, createdOn, referencedBy }) });
  }
  return documents;
}

async function makeDirectories(root: string, { domain, locale }: InstanceOptions): Promise<void> {
  const paths = ['', TRASH_NAME, ...defaultDirectories(locale, WANTED).map(({ path }) => path)];
  for (const path of paths) await mkdir(join(root, domain, path));
}

function pathOf(database: string): string {
  return `/${encodeURIComponent(database)}`;
}

function newId(): string {
  return randomBytes(16).toString('hex');
}

function revision(body: string): string {
  const rev = member(JSON.parse(body), 'rev');
  if (typeof rev === 'string') return rev;
  throw new Error(`no revision in ${body}`);
}
