import { createHash } from 'node:crypto';
import { type ArchiveEntry, tgzOf } from '../apps/archives.ts';
import { bytes, json, type WebServer } from '../apps/registry-server.ts';

/**
 * Has a registry offer a version, as the newest of its channels, too.
 * @param files what its archive holds beside its manifest and a page with its version
 */
export function publishApp(
  registry: WebServer,
  slug: string,
  version: string,
  manifest: object,
  channels: readonly string[] = [],
  files: readonly ArchiveEntry[] = [],
): void {
  const type = 'type' in manifest ? manifest.type : 'webapp';
  const whole = { name: slug, slug, version, type, ...manifest };
  const content = tgzOf([
    { path: `manifest.${type}`, content: JSON.stringify(whole) },
    { path: 'index.html', content: `${slug} ${version}` },
    ...files,
  ]);
  const archive = `/${slug}-${version}.tgz`;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const answer = json({ slug, type, version, url: `${registry.url}${archive}`, sha256, manifest: whole });
  registry.routes.set(`/registry/${slug}/${version}`, answer);
  for (const channel of channels) registry.routes.set(`/registry/${slug}/${channel}/latest`, answer);
  registry.routes.set(archive, bytes(content));
}
