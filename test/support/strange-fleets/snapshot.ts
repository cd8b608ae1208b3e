import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BareCouch } from './couch.ts';
import { ROOT } from './strange-fleet.ts';

/** All there is at one moment. */
export interface Snapshot {
  /** By name, a text that is another one after any write. */
  readonly databases: ReadonlyMap<string, string>;
  /** Documents of `global/instances` by id, with their revision. */
  readonly documents: ReadonlyMap<string, string>;
  /** By path below the directory around the storage. */
  readonly files: ReadonlyMap<string, SeenFile>;
}

export interface SeenFile {
  readonly kind: 'directory' | 'file' | 'link' | 'other';
  /** Another one after any change of it; of a directory in the storage, not of what is in it. */
  readonly state: string;
  /** What the file system itself changes with any change. */
  readonly stamp: string;
}

const INSTANCES = 'global/instances';

const infos = z.array(
  z.object({
    key: z.string(),
    info: z.object({ doc_count: z.number(), doc_del_count: z.number(), update_seq: z.unknown() }),
  }),
);

const allDocs = z.object({
  rows: z.array(z.object({ id: z.string(), value: z.object({ rev: z.string() }) })),
});

/** The most that a CouchDB tells in one answer. */
const AT_A_TIME = 100;

/**
 * @param around absolute path of the directory around the storage
 * @param last what is as it was then is not read again
 */
export async function takeSnapshot(couch: BareCouch, around: string, last?: Snapshot): Promise<Snapshot> {
  const names = await couch.databases();
  const databases = new Map<string, string>();
  for (let at = 0; at < names.length; at += AT_A_TIME) {
    const keys = names.slice(at, at + AT_A_TIME);
    const { body } = await couch.ask('POST', '/_dbs_info', { keys });
    for (const { key, info } of infos.parse(body)) {
      const [sequence] = String(info.update_seq).split('-');
      databases.set(key, `${info.doc_count} ${info.doc_del_count} ${sequence}`);
    }
  }
  const { body } = await couch.ask('GET', `/${encodeURIComponent(INSTANCES)}/_all_docs`);
  const { rows } = allDocs.parse(body);
  const documents = new Map(rows.map(({ id, value }) => [id, value.rev]));
  return { databases, documents, files: await filesBelow(around, last?.files) };
}

async function filesBelow(
  around: string,
  last: ReadonlyMap<string, SeenFile> = new Map(),
): Promise<Map<string, SeenFile>> {
  const found = new Map<string, SeenFile>();
  async function look(path: string): Promise<void> {
    for (const name of await readdir(join(around, path))) {
      const below = path === '' ? name : `${path}/${name}`;
      const stats = await lstat(join(around, below));
      found.set(below, await seen(join(around, below), below.startsWith(`${ROOT}/`), stats, last.get(below)));
      if (stats.isDirectory()) await look(below);
    }
  }
  await look('');
  return found;
}

async function seen(
  path: string,
  isInStorage: boolean,
  stats: Stats,
  last: SeenFile | undefined,
): Promise<SeenFile> {
  const stamp = `${stats.ino} ${stats.size} ${stats.ctimeMs}`;
  if (last?.stamp === stamp) return last;
  const owner = `${stats.uid}:${stats.gid} ${(stats.mode & 0o7777).toString(8)}`;
  const moment = isInStorage || path.endsWith(`/${ROOT}`) ? '' : `${stats.ino} ${stats.mtimeMs}`;
  const same = { stamp, state: `${owner} ${moment}` };
  if (stats.isDirectory()) return { ...same, kind: 'directory' };
  if (stats.isSymbolicLink()) return { ...same, kind: 'link', state: `${await readlink(path)} ${moment}` };
  if (!stats.isFile()) return { ...same, kind: 'other' };
  const content = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { ...same, kind: 'file', state: `${owner} ${content} ${moment}` };
}
