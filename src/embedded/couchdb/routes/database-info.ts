import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Databases } from '../databases.ts';
import type { JsonObject } from '../pouch-types.ts';
import { sequenceText } from '../sequence.ts';

/** What CouchDB tells about a database; shards and sequences are made up. */
export async function databaseInfo(databases: Databases, name: string): Promise<JsonObject> {
  return await databases.use(name, async (pouch) => {
    const { doc_count, update_seq } = await pouch.info();
    const file = await sizeOf(databases.directory(name));
    const { birthtimeMs } = await stat(databases.directory(name));
    return {
      instance_start_time: String(Math.floor(birthtimeMs / 1000)),
      db_name: name,
      purge_seq: '0-embedded',
      update_seq: await sequenceText(pouch, update_seq),
      sizes: { file, external: file, active: file },
      props: {},
      doc_del_count: 0,
      doc_count,
      disk_format_version: 8,
      compact_running: false,
      cluster: { q: 1, n: 1, w: 1, r: 1 },
    };
  });
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  // LevelDB removes files as it goes: one that is gone by now counts nothing.
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(file.parentPath, file.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
