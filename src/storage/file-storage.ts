import { constants } from 'node:fs';
import { access, opendir, stat, statfs } from 'node:fs/promises';
import { errnoOf, unlessMissing } from '../errno.ts';
import { FleetError, toError } from '../errors.ts';
import { invalid } from './copy-tree.ts';
import { StorageError, storageFailureKind, UnsafePath } from './errors.ts';
import { claimFleetFile, PROBE, readFleetFile, writeProbe } from './fleet-file.ts';
import {
  atEnd,
  bestHolding,
  type Folder,
  type Holding,
  hasDirectory,
  openFolder,
  openRoot,
  using,
} from './folder.ts';
import { hasApp, installApp } from './install-app.ts';
import { learnFolding } from './learn-folding.ts';
import { makeDirectory } from './make-directory.ts';
import { directoryName, type NameRules, namesOnPath } from './place.ts';
import { md5OfFile } from './read-file.ts';
import { removeApp } from './remove-app.ts';
import { kindOf, removeInstance } from './remove-instance.ts';
import type { Storage, WalkEntry } from './storage.ts';
import { type Names, type PutThere, takeBack } from './take-back.ts';
import { walkTree } from './walk-tree.ts';
import { type NamedFile, writeFiles } from './write-files.ts';

/** What a directory on its way out is called; begins with a dot, so it can never be a domain. */
const REMOVED = '.cozy-fleet-removed-';

/** Ours, whatever a job says; not so long that the name would be too long. */
const TAG = /^[0-9a-z-]{1,200}$/;

/** What the machine and the file system of a storage can do, and what they make of names. */
export interface StorageTraits {
  /** Whether names go by the rules of Windows; by the platform when absent. */
  readonly windows?: boolean;
  /** How directories are kept hold of; the surest way when absent. */
  readonly holding?: Holding;
  /** Whether two names may lead to one directory; a look at the file system when absent. */
  readonly learn?: typeof learnFolding;
}

/** How something in the root is got at. */
interface Access {
  readonly signal?: AbortSignal | undefined;
  /** As the storage holds all directories when absent. */
  readonly by?: Holding;
}

/**
 * For what is only asked: the answer may be old when it arrives, however the directories were held, and whatever changes
 * something looks for itself. Without handles that is half the calls.
 */
const ASKING: Access = { by: 'look' };

/** Storage of kind `file://`: `<root>/<domain>/` (`docs/cozy-data.md` §4.1). */
export function fileStorage(root: string, traits: StorageTraits = {}): Storage {
  const { windows = process.platform === 'win32', holding = bestHolding(), learn = learnFolding } = traits;
  let folding: Promise<boolean> | undefined;

  /** Learnt once; a try that failed tells nothing. */
  async function folds(): Promise<boolean> {
    folding ??= using(openRoot(root, holding), (folder) => learn(folder, PROBE));
    try {
      return await folding;
    } catch (thrown) {
      folding = undefined;
      throw thrown;
    }
  }
  const rules: NameRules = { windows, folds };

  async function failure(what: string, thrown: unknown): Promise<StorageError> {
    const error: NodeJS.ErrnoException = toError(thrown);
    return new StorageError(
      `${what} in ${root}`,
      error,
      storageFailureKind(error.code, await isDirectory(root)),
    );
  }

  async function guarded<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      signal?.throwIfAborted();
      // Ours, or the guard's own.
      if (thrown instanceof FleetError) throw thrown;
      throw await failure(what, thrown);
    }
  }

  /** Opened anew each time: a mount that has gone would look like instances without files. */
  const inRoot = <T>(
    what: string,
    work: (folder: Folder) => Promise<T>,
    { signal, by = holding }: Access = {},
  ): Promise<T> => guarded(what, () => using(openRoot(root, by), work), signal);

  /** The one way to anything of an instance. */
  async function ofInstance<T>(
    what: string,
    domain: string,
    work: (folder: Folder, name: string) => Promise<T>,
    access?: Access,
  ): Promise<T> {
    const name = await guarded(what, () => directoryName(domain, rules));
    return await inRoot(`${what} of ${name}`, (folder) => work(folder, name), access);
  }

  /** Names that lead to what is below the root of an instance. */
  function namesBelow(domain: string, path: string): Names {
    const [first, ...others] = namesOnPath(domain, path, rules);
    if (first === undefined) throw invalid('a file in the place of the root');
    return [first, ...others];
  }

  async function* walk(
    domain: string,
    skipped: ReadonlySet<string> = new Set(),
  ): AsyncGenerator<WalkEntry, void, undefined> {
    const what = 'walking through the files';
    const name = await guarded(what, () => directoryName(domain, rules));
    const folder = await guarded(what, () => openRoot(root, holding));
    try {
      yield* walkTree(folder, name, skipped);
    } catch (thrown) {
      throw await failure(`${what} of ${name}`, thrown);
    } finally {
      await folder.close();
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
      ofInstance(
        'looking for files',
        domain,
        async (folder, name) => {
          switch (await kindOf(folder, name)) {
            case 'missing':
            case 'empty':
              return false;
            case 'instance':
            case 'foreign':
              return true;
          }
        },
        ASKING,
      ),

    async hasDirectory(domain, path) {
      const names = namesOnPath(domain, path, rules);
      return await ofInstance(
        `looking for ${path}`,
        domain,
        async (folder, name) => (await unlessMissing(atEnd(folder, [name, ...names], hasDirectory))) ?? false,
        ASKING,
      );
    },

    async makeDirectories(domain, paths) {
      const below = paths.map((path) => namesOnPath(domain, path, rules));
      await ofInstance(`making ${paths.join(', ')}`, domain, async (root, name) => {
        if (below.some((names) => names.length === 0)) await makeDirectory(root, name);
        await using(openFolder(root, name), async (instance) => {
          for (const [first, ...names] of below) {
            if (first !== undefined) await atEnd(instance, [first, ...names], makeDirectory);
          }
        });
      });
    },

    list,

    walk,

    async digest(domain, path, signal) {
      const names = namesOnPath(domain, path, rules);
      const read = (parent: Folder, name: string) => md5OfFile(parent, name, signal);
      return await ofInstance(
        `reading ${path}`,
        domain,
        (folder, name) => unlessMissing(atEnd(folder, [name, ...names], read)),
        { signal },
      );
    },

    async writeFiles(domain, files, options) {
      const named = files.map((file): NamedFile => ({ file, names: namesBelow(domain, file.path) }));
      return await ofInstance(
        'writing files',
        domain,
        (root, name) => using(openFolder(root, name), (instance) => writeFiles(instance, named, options)),
        { signal: options.signal },
      );
    },

    async takeBack(domain, files, directories, options) {
      const put: PutThere = {
        files: files.map((file) => ({ file, names: namesBelow(domain, file.path) })),
        directories: directories.map((path) => namesBelow(domain, path)),
      };
      await ofInstance(
        'taking files back',
        domain,
        (root, name) => using(openFolder(root, name), (instance) => takeBack(instance, put, options)),
        { signal: options.signal },
      );
    },

    removeInstance: (domain, tag, guard) =>
      ofInstance('removing the directory', domain, async (folder, name) => {
        if (!TAG.test(tag)) throw invalid('a tag that is no plain name');
        return await removeInstance(folder, name, `${REMOVED}${tag}`, guard);
      }),

    isForeign: (domain) =>
      ofInstance(
        'looking at the directory',
        domain,
        async (folder, name) => (await kindOf(folder, name)) === 'foreign',
        ASKING,
      ),

    async kindOf(name) {
      try {
        return await ofInstance('looking at the directory', name, kindOf, ASKING);
      } catch (thrown) {
        if (thrown instanceof UnsafePath) return 'foreign';
        throw thrown;
      }
    },

    installApp: (domain, app, signal) =>
      ofInstance(
        `installing ${JSON.stringify(app.slug)} in the directory`,
        domain,
        (folder, name) => installApp(folder, name, app, signal),
        { signal },
      ),

    removeApp: (domain, app, guard) =>
      ofInstance(`removing ${JSON.stringify(app.slug)} from the directory`, domain, (folder, name) =>
        removeApp(folder, name, app, guard),
      ),

    hasApp: (domain, place) =>
      ofInstance(`looking for ${JSON.stringify(place.slug)}`, domain, (folder, name) =>
        hasApp(folder, name, place),
      ),

    readFleetId: () => inRoot('reading the fleet id', readFleetFile),

    claimFleetId: (id) => inRoot('writing the fleet id', (folder) => claimFleetFile(folder, id)),

    probe: () => inRoot('writing', writeProbe),

    look: () =>
      inRoot('looking', async () => {
        // As root this tells of a read-only mount still.
        await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
        const { bavail, blocks } = await statfs(root);
        if (blocks > 0 && bavail === 0) {
          throw Object.assign(new Error('no space is left'), { code: 'ENOSPC' });
        }
      }),

    free: () =>
      guarded('measuring', async () => {
        const { bavail, blocks, bsize, ffree, files } = await statfs(root);
        return { bytes: bavail * bsize, files: ffree, allBytes: blocks * bsize, allFiles: files };
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
