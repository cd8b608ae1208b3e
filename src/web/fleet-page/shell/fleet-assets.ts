import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { ownFile } from '../../../own-file.ts';

/** Where browsers find the styles and scripts of the fleet page. */
export const FLEET_ASSETS = '/fleet/assets/';

const OURS = fileURLToPath(ownFile('assets/'));
const CHARTS = dirname(createRequire(import.meta.url).resolve('chart.js'));

/** Serves just what pages name, to everybody: the form to sign in needs it. */
export async function fleetAssets(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, open: true };
  });
  await app.register(fastifyStatic, {
    root: [OURS, CHARTS],
    prefix: FLEET_ASSETS,
    index: false,
    maxAge: '5m',
    allowedPath: (path) => ['/fleet.css', '/fleet.js', '/chart.umd.min.js'].includes(path),
  });
}
