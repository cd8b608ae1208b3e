import { readFileSync } from 'node:fs';
import { bytes, json, startWebServer, type WebServer } from '../apps/registry-server.ts';

const SLUGS = ['agenda', 'waterbill'] as const;

export type SampleSlug = (typeof SLUGS)[number];

/** A registry with the sample applications, as the one from which the golden files were recorded. */
export interface AppRegistry extends WebServer {
  /** How often the archive of an application was asked for. */
  downloads(slug: SampleSlug): number;
  /** Has it answer for a sample as it did in the beginning. */
  restore(slug: SampleSlug): void;
}

const sample = (name: string) => new URL(`../golden/apps/${name}`, import.meta.url);

/** Path of the answer for the latest version in the channel `stable`. */
export const latest = (slug: string): string => `/registry/${slug}/stable/latest`;

export const archive = (slug: string): string => `/${slug}.tgz`;

/**
 * @param by URL by which clients reach the archive
 * @param name slug under which it is offered
 */
export function registryAnswer(slug: SampleSlug, by: string, name: string = slug): Record<string, unknown> {
  const answer = JSON.parse(readFileSync(sample(`${slug}.registry.json`), 'utf8'));
  const manifest = { ...answer.manifest, slug: name };
  return { ...answer, slug: name, manifest, url: `${by}${archive(slug)}` };
}

export function sampleArchive(slug: SampleSlug): Buffer {
  return readFileSync(sample(`${slug}.tgz`));
}

export async function startAppRegistry(): Promise<AppRegistry> {
  const server = await startWebServer();
  const restore = (slug: SampleSlug): void => {
    server.routes.set(latest(slug), json(registryAnswer(slug, server.url)));
    server.routes.set(archive(slug), bytes(sampleArchive(slug)));
  };
  for (const slug of SLUGS) restore(slug);
  return {
    ...server,
    restore,
    downloads: (slug) => server.asked.filter((path) => path === archive(slug)).length,
  };
}
