import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { ROOT_ID, TRASH_ID } from '../../src/instances/documents/file-documents.ts';

/** A file or folder of an owner: its document, and of a file what is on the disk. */
export interface DumpedEntry {
  readonly document: Record<string, unknown>;
  readonly disk?: { readonly mode: string; readonly sha256: string };
}

const entry = z.looseObject({
  _id: z.string(),
  type: z.enum(['directory', 'file']),
  dir_id: z.string().optional(),
  name: z.string().optional(),
  path: z.string().optional(),
  cozyMetadata: z.looseObject({ createdAt: z.string() }).optional(),
});

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Times within these milliseconds are the moment at which the entry was made. */
const ONE_MOMENT_MS = 10_000;

/**
 * The files of an instance by their paths, with ids left out and the moments at which they were made replaced: other times
 * come from their content, and are kept.
 * @param directory of the instance on the disk
 */
export async function dumpFiles(
  documents: readonly StoredDocument[],
  directory: string,
): Promise<Record<string, DumpedEntry>> {
  const entries = documents.map((document) => entry.parse(document));
  const pathById = new Map(entries.map(({ _id, path }) => [_id, path ?? '']));
  const dumped: [string, DumpedEntry][] = [];
  for (const { _id, _rev, dir_id: parentId = '', ...rest } of entries) {
    if (_id === ROOT_ID || _id === TRASH_ID) continue;
    const parent = pathById.get(parentId) ?? '?';
    const path = `${parent === '/' ? '' : parent}/${rest.name}`;
    const made = Date.parse(rest.cozyMetadata?.createdAt ?? '');
    const document = Object.fromEntries(
      Object.entries(rest)
        .map(([field, value]): [string, unknown] => [field, withoutMoment(value, made)])
        .sort(byName),
    );
    const disk = rest.type === 'file' ? { disk: await onDisk(join(directory, path)) } : {};
    dumped.push([path, { document, ...disk }]);
  }
  return Object.fromEntries(dumped.sort(byName));
}

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1;
}

async function onDisk(file: string): Promise<NonNullable<DumpedEntry['disk']>> {
  const { mode } = await stat(file);
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return { mode: (mode & 0o7777).toString(8), sha256 };
}

function withoutMoment(value: unknown, made: number): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutMoment(item, made));
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, item]): [string, unknown] => [
      name,
      withoutMoment(item, made),
    ]);
    return Object.fromEntries(fields.sort(byName));
  }
  if (typeof value !== 'string' || !TIME.test(value)) return value;
  const time = Date.parse(value);
  return Math.abs(time - made) < ONE_MOMENT_MS ? '<made>' : new Date(time).toISOString();
}
