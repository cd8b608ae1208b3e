import { mkdir, open, opendir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, unlessMissing } from '../errno.ts';
import { FleetError, toError } from '../errors.ts';
import { StorageError, storageFailureKind } from './errors.ts';
import { hasApp, installApp } from './install-app.ts';
import { md5OfFile } from './md5-of-file.ts';
import { kindOf, removeInstance } from './remove-instance.ts';
import type { Storage, WalkEntry } from './storage.ts';
import { walkTree } from './walk-tree.ts';

/** Mode of the directories of an instance (`instance-data.md` §4.1). */
const DIRECTORY_MODE = 0o755;

/** Holds the fleet's id; begins with a dot, so it can never be a domain. */
const FLEET_FILE = '.cozy-fleet';

/** What a directory on its way out is called; begins with a dot, so it can never be a domain. */
const REMOVED = '.cozy-fleet-removed-';

/** Storage of kind `file://`: `<root>/<domain>/` (`instance-data.md` §4.1). */
export function fileStorage(root: string): Storage {
  const at = (domain: string, path = '/') => join(root, domain, ...path.split('/'));

  async function failure(what: string, thrown: unknown): Promise<StorageError> {
    const error: NodeJS.ErrnoException = toError(thrown);
    return new StorageError(
      `${what} in ${root}`,
      error,
      storageFailureKind(error.code, await isDirectory(root)),
    );
  }

  async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw await failure(what, thrown);
    }
  }

  async function* walk(
    domain: string,
    skipped: ReadonlySet<string> = new Set(),
  ): AsyncGenerator<WalkEntry, void, undefined> {
    try {
      // A mount that has gone looks like an instance without files.
      await stat(root);
      yield* walkTree(at(domain), skipped);
    } catch (thrown) {
      throw await failure(`walking through ${domain}`, thrown);
    }
  }

  async function* list(): AsyncGenerator<string, void, undefined> {
    try {
      for await (const entry of await opendir(root)) if (entry.isDirectory()) yield entry.name;
    } catch (thrown) {
      throw await failure('listing', thrown);
    }
  }

  return {
    name: `file://${root}`,

    hasFiles: (domain) =>
      guarded(`listing ${domain}`, async () => {
        const entries = (await unlessMissing(readdir(at(domain)))) ?? [];
        // A mount that has gone looks like an instance without files.
        if (entries.length === 0) await stat(root);
        return entries.length > 0;
      }),

    hasDirectory: (domain, path) =>
      guarded(`looking for ${path} of ${domain}`, () => isDirectory(at(domain, path))),

    makeDirectory: (domain, path) =>
      guarded(`making ${path} of ${domain}`, async () => {
        const directory = at(domain, path);
        try {
          await mkdir(directory, { mode: DIRECTORY_MODE });
        } catch (thrown) {
          if (errnoOf(thrown) !== 'EEXIST' || !(await isDirectory(directory))) throw thrown;
        }
      }),

    list,

    walk,

    async digest(domain, path, signal) {
      try {
        return await unlessMissing(md5OfFile(at(domain, path), signal));
      } catch (thrown) {
        signal?.throwIfAborted();
        throw await failure(`reading ${path} of ${domain}`, thrown);
      }
    },

    async removeInstance(domain, tag, guard) {
      try {
        return await removeInstance(at(domain), join(root, `${REMOVED}${tag}`), guard);
      } catch (thrown) {
        // The guard's own.
        if (thrown instanceof FleetError) throw thrown;
        throw await failure(`removing ${domain}`, thrown);
      }
    },

    isForeign: (domain) =>
      guarded(`looking at ${domain}`, async () => (await kindOf(at(domain))) === 'foreign'),

    async installApp(domain, app, signal) {
      try {
        return await installApp(at(domain), app, signal);
      } catch (thrown) {
        signal?.throwIfAborted();
        // The guard's own.
        if (thrown instanceof FleetError) throw thrown;
        throw await failure(`installing ${JSON.stringify(app.slug)} in ${domain}`, thrown);
      }
    },

    hasApp: (domain, place) =>
      guarded(`looking for ${JSON.stringify(place.slug)} of ${domain}`, async () => {
        const found = await hasApp(at(domain), place);
        // A mount that has gone looks like an instance without applications.
        if (!found) await stat(root);
        return found;
      }),

    readFleetId: () =>
      guarded('reading the fleet id', async () => {
        const text = (await unlessMissing(readFile(join(root, FLEET_FILE), 'utf8'))) ?? '';
        return text.trim() === '' ? undefined : text.trim();
      }),

    claimFleetId: (id) =>
      guarded('writing the fleet id', async () => {
        const file = join(root, FLEET_FILE);
        try {
          const handle = await open(file, 'wx', 0o644);
          await handle.writeFile(`${id}\n`);
          await handle.close();
          return id;
        } catch (thrown) {
          if (errnoOf(thrown) !== 'EEXIST') throw thrown;
          return (await readFile(file, 'utf8')).trim();
        }
      }),

    probe: () =>
      guarded('writing', async () => {
        const file = join(root, `${FLEET_FILE}-probe-${process.pid}`);
        const handle = await open(file, 'w', 0o600);
        try {
          await handle.writeFile('probe');
        } finally {
          await handle.close();
          await rm(file, { force: true });
        }
      }),

    free: () =>
      guarded('measuring', async () => {
        const { bavail, bsize, ffree } = await statfs(root);
        return { bytes: bavail * bsize, files: ffree };
      }),
  };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}
