import { readFileSync } from 'node:fs';
import { z } from 'zod';

const GOLDEN = new URL('../golden/', import.meta.url);

const document = z.record(z.string(), z.unknown());
const recording = z.object({
  databases: z.record(z.string(), z.array(document)),
  tree: z.array(z.object({ path: z.string(), mode: z.string(), content_sha256: z.string().optional() })),
});

const answer = z.looseObject({
  slug: z.string(),
  type: z.enum(['webapp', 'konnector']),
  version: z.string(),
  sha256: z.string(),
  manifest: z.record(z.string(), z.unknown()),
});

/** What a real stack wrote for an installed application. */
export interface RecordedInstall {
  readonly slug: 'agenda' | 'waterbill';
  readonly kind: 'webapp' | 'konnector';
  /** Of the instance it was installed on. */
  readonly domain: string;
  readonly prefix: string;
  /** Its folder under the instance's directory. */
  readonly folder: '.cozy_apps' | '.cozy_konnectors';
  readonly file: 'full.json' | 'konnector.json';
}

export const RECORDED: readonly RecordedInstall[] = [
  {
    slug: 'agenda',
    kind: 'webapp',
    domain: 'full.example.org',
    prefix: 'cozya7c534021092eeea850d08ad496c027c',
    folder: '.cozy_apps',
    file: 'full.json',
  },
  {
    slug: 'waterbill',
    kind: 'konnector',
    domain: 'kon.example.org',
    prefix: 'cozy0000000000000000000000000000000',
    folder: '.cozy_konnectors',
    file: 'konnector.json',
  },
];

/** What a real registry answered. */
export function recordedAnswer(slug: RecordedInstall['slug']): z.infer<typeof answer> {
  return answer.parse(JSON.parse(read(`apps/${slug}.registry.json`).toString('utf8')));
}

/** The archive that goes with it. */
export function recordedArchive(slug: RecordedInstall['slug']): Buffer {
  return read(`apps/${slug}.tgz`);
}

/** The same application as a folder: absolute path. */
export function recordedFolder(slug: RecordedInstall['slug']): string {
  return new URL(`apps/${slug}`, GOLDEN).pathname;
}

/** The documents, in the order of their ids, of a database without its designs. */
export function recordedDocuments({ file }: RecordedInstall, database: string): Record<string, unknown>[] {
  return recorded(file).databases[database]?.filter(({ _id }) => !String(_id).startsWith('_design/')) ?? [];
}

/** Everything in the folder of applications, in the order of paths. */
export function recordedTree({ file, folder }: RecordedInstall) {
  return recorded(file).tree.filter(({ path }) => path.startsWith(`${folder}/`));
}

function recorded(file: RecordedInstall['file']) {
  return recording.parse(JSON.parse(read(file).toString('utf8')));
}

function read(path: string): Buffer {
  return readFileSync(new URL(path, GOLDEN));
}
