import { fileURLToPath } from 'node:url';
import serveFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { ownFile } from '../../own-file.ts';

/** Where the files of `assets/` are served: a path that no application of an instance has. */
export const ASSETS_PATH = '/.cozy-fleet/assets/';

const FOLDER = fileURLToPath(ownFile('assets/'));

/** What pages load; other files lie there for developers. */
const FOR_PAGES = /^(?:[\w-]+\.)+(?:css|js|svg|png|ico|woff2)$/;

/** Whether a path and its query ask for such a file, be it there or not. */
export function asksForAsset(url: string): boolean {
  const [path = ''] = url.split('?');
  return path.startsWith(ASSETS_PATH) && FOR_PAGES.test(path.slice(ASSETS_PATH.length));
}

/**
 * Serves the files that our pages load, for any host: the page of an unknown one needs them, too. A browser asks each
 * time whether its copy is still the right one, by the entity tag: another version of ours has the same names.
 */
export async function registerAssets(app: FastifyInstance, folder = FOLDER): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', (request, reply, done) => {
      if (asksForAsset(request.url)) done();
      else reply.callNotFound();
    });
    await scope.register(serveFiles, {
      root: folder,
      prefix: ASSETS_PATH,
      index: false,
      decorateReply: false,
      cacheControl: false,
      lastModified: false,
      setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
    });
  });
}
