import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { errnoOf } from '../../../src/errno.ts';
import type { BareCouch } from './couch.ts';
import { type Entry, ROOT, type StrangeDocument, type StrangeFleet } from './strange-fleet.ts';

const INSTANCES = encodeURIComponent('global/instances');
const FILES = /\/io-cozy-files$/;

/** What stacks keep beside the instances, and nobody may touch. */
const OF_THE_PLATFORM = ['global/io-cozy-settings', 'secrets/io-cozy-account_types'] as const;

/** Root and trash, as every instance has them. */
const TOP = [
  { _id: 'io.cozy.files.root-dir', type: 'directory', path: '/' },
  {
    _id: 'io.cozy.files.trash-dir',
    type: 'directory',
    name: '.cozy_trash',
    dir_id: 'io.cozy.files.root-dir',
    path: '/.cozy_trash',
  },
];

/**
 * Writes fleets into a CouchDB, whose `global/instances` is there, and around a storage.
 * @param around absolute path of the directory around the storage
 * @returns the documents that CouchDB took
 */
export async function plant(
  fleets: readonly StrangeFleet[],
  couch: BareCouch,
  around: string,
): Promise<StrangeDocument[]> {
  const databases = new Set([...OF_THE_PLATFORM, ...fleets.flatMap((fleet) => fleet.databases)]);
  const atOnce = pLimit(8);
  await Promise.all([...databases].map((name) => atOnce(() => makeDatabase(couch, name))));
  await mkdir(join(around, ROOT), { recursive: true });
  for (const { entries } of fleets) for (const entry of entries) await make(entry, around);
  const documents = fleets.flatMap((fleet) => fleet.documents);
  const docs = documents.map(({ id, fields }) => ({ ...fields, _id: id }));
  const { status, body } = await couch.ask('POST', `/${INSTANCES}/_bulk_docs`, { docs });
  if (status !== 201 || !Array.isArray(body)) throw new Error(`not planted: ${JSON.stringify(body)}`);
  const refused = new Set(body.flatMap((answer) => ('error' in answer ? [answer.id] : [])));
  return documents.filter(({ id }) => !refused.has(id));
}

async function makeDatabase(couch: BareCouch, name: string): Promise<void> {
  const path = `/${encodeURIComponent(name)}`;
  const { status } = await couch.ask('PUT', path);
  // What this CouchDB takes for no name cannot be anybody's.
  if (status !== 201 && status !== 202) return;
  const docs = FILES.test(name) ? TOP : [{ _id: 'something' }];
  await couch.ask('POST', `${path}/_bulk_docs`, { docs });
}

/** What another one of the fleets has put there before stays as it is. */
async function make(entry: Entry, around: string): Promise<void> {
  const path = join(around, entry.path);
  try {
    switch (entry.kind) {
      case 'directory':
        await mkdir(path, { recursive: true });
        return;
      case 'file':
        await writeFile(path, entry.text, { flag: 'wx' });
        return;
      case 'link':
        await symlink(entry.to, path);
        return;
      default:
        entry satisfies never;
    }
  } catch (thrown) {
    if (!['EEXIST', 'ENOTDIR', 'ENOENT'].includes(String(errnoOf(thrown)))) throw thrown;
  }
}
