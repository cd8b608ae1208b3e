import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Holding } from '../../src/storage/folder.ts';
import type { Storage } from '../../src/storage/storage.ts';

/** How directories may be kept hold of; each machine has the second. */
export const HOLDINGS: readonly Holding[] = process.platform === 'linux' ? ['handle', 'look'] : ['look'];

export const APP = { kind: 'webapp', slug: 'agenda', folder: '1.0.0' } as const;

/** All that can be done to an instance, by name; each with a path in it where it takes one. */
export function operations(
  storage: Storage,
  from: string,
): Record<string, (domain: string, path?: string) => Promise<unknown>> {
  return {
    hasFiles: (domain) => storage.hasFiles(domain),
    hasDirectory: (domain, path = '/') => storage.hasDirectory(domain, path),
    makeDirectories: (domain, path = '/') => storage.makeDirectories(domain, [path]),
    'makeDirectories below': (domain) => storage.makeDirectories(domain, ['/New']),
    takeBack: (domain, path = '/Photos/dog.jpg') =>
      storage.takeBack(domain, [{ path, size: 1, md5: '', async *content() {} }], [], {
        guard: () => undefined,
        signal: new AbortController().signal,
      }),
    digest: (domain, path = '/cat.jpg') => storage.digest(domain, path),
    walk: (domain) => walked(storage, domain),
    removeInstance: (domain) => storage.removeInstance(domain, 'ab-12'),
    isForeign: (domain) => storage.isForeign(domain),
    installApp: (domain) => storage.installApp(domain, { ...APP, from, tag: 'ab12' }),
    hasApp: (domain) => storage.hasApp(domain, APP),
  };
}

/** What a walk gives, in short. */
export async function walked(storage: Storage, domain: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { kind, path } of storage.walk(domain)) found.push(`${kind} ${path}`);
  return found;
}

/** Two instances in `root`, one of another storage, and what is nobody's business around them. */
export async function furnish(top: string): Promise<{ root: string; from: string }> {
  const root = join(top, 'root');
  for (const instance of ['root/alice.example', 'root/bob.example', 'storage-other/mallory']) {
    await makeInstance(join(top, instance));
  }
  for (const path of [
    'root/exports',
    'root/dyn-assets',
    'root/.hidden',
    'root/.cozy-fleet-removed-1',
    'outside',
  ]) {
    await mkdir(join(top, path, '.cozy_trash'), { recursive: true });
  }
  await mkdir(join(top, 'outside/emptydir'));
  await writeFile(join(root, '.cozy-fleet'), 'an id');
  const from = join(top, 'cache');
  await mkdir(from);
  await writeFile(join(from, 'manifest.webapp'), '{}');
  return { root, from };
}

export async function makeInstance(place: string): Promise<void> {
  for (const path of ['.cozy_trash', 'Photos/Trip', '.cozy_apps/agenda']) {
    await mkdir(join(place, path), { recursive: true });
  }
  await writeFile(join(place, 'cat.jpg'), `meow of ${place}`);
  await writeFile(join(place, 'Photos/dog.jpg'), `woof of ${place}`);
}
